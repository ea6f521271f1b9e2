import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { App as ReadApp } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { OtherLanguages } from '../apps/other-languages/stack';
import { Fixture } from '../local/lambda/function-fixture';
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
    // The machine may have another version of Python.
    expect(app.notRun.filter(({ type }) => type !== 'Python function')).toEqual([]);
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

describe('a program that uses neither Node.js nor Python', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  /** Gets one event, and responds with the response of AWS's host. */
  const BOOTSTRAP = `#!/bin/sh
base="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  headers=$(mktemp)
  host=$(curl -s -D "$headers" "$base/next" | tr -d '"')
  id=$(grep -i lambda-runtime-aws-request-id "$headers" | tr -d '\\r' | cut -d' ' -f2)
  curl -sS "https://$host/chat/@connections/x" 2>&1 | curl -s --data-binary @- "$base/$id/response"
done
`;

  it("reaches AWS's hosts on this machine over trusted TLS", async () => {
    const endpoint = createServer((request, response) =>
      response.end(JSON.stringify([request.headers.host, request.url])),
    );
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    const { port } = endpoint.address() as AddressInfo;
    const lambdaFunction = fixture.function(
      'Posting',
      { bootstrap: BOOTSTRAP },
      { runtime: 'provided.al2023' },
    );
    chmodSync(join(lambdaFunction.codeDirectory, 'bootstrap'), 0o755);
    const host = fixture.host([lambdaFunction], { endpoint: () => ({ host: '127.0.0.1', port }) });
    const domainName = 'abc123.execute-api.eu-central-1.amazonaws.com';
    expect(await host.invoke('Posting', JSON.stringify(domainName))).toMatchObject({
      payload: JSON.stringify([domainName, '/chat/@connections/x']),
    });
    endpoint.close();
  });
});
