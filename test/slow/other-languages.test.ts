import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { App as ReadApp } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { OtherLanguages } from '../apps/other-languages/stack';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

const { VIRTUAL_ENV } = process.env;

describe('functions in other languages, on the local runtime', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  let app: ReadApp;
  let runtime: Runtime;

  beforeAll(async () => {
    // Where prepare.sh has installed AWS's runtime client for Python.
    process.env.VIRTUAL_ENV = join(__dirname, '../../.cache/python-lambda');
    const cdkApp = new App({ outdir });
    new OtherLanguages(cdkApp);
    app = readAssembly(cdkApp.synth().directory);
    runtime = await startRuntime({ app, port: 0, log: silentLog, functionLog: silentFunctionLog });
  });
  afterAll(async () => {
    await runtime?.close();
    rmSync(outdir, { recursive: true });
    if (VIRTUAL_ENV === undefined) delete process.env.VIRTUAL_ENV;
    else process.env.VIRTUAL_ENV = VIRTUAL_ENV;
  });

  it('are all supported', () => {
    expect(app.notRun).toEqual([]);
  });

  it('chat in Python: everyone receives what one client sends', async () => {
    const url = runtime.webSocketUrl('chat');
    const [ada, bob] = [await SocketClient.connect(url), await SocketClient.connect(url)];
    for (const text of ['hello', 'häl“lo']) {
      ada.send(text);
      expect([await ada.hears(), await bob.hears()]).toEqual([text, text]);
    }
    await bob.close();
    ada.send('still here');
    expect(await ada.hears()).toBe('still here');
    await ada.close();
  });

  it('echo with a bootstrap in shell', async () => {
    const client = await SocketClient.connect(runtime.webSocketUrl('echo'));
    for (const text of ['one', 'two']) {
      client.send(text);
      expect(JSON.parse(await client.hears())).toMatchObject({ body: text, isBase64Encoded: false });
    }
    await client.close();
  });
});
