import { chmodSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { LambdaFunction } from '../../../local/assembly/model';
import { RuntimeApi } from '../../../local/lambda/environments/runtime-api';
import { Fixture, RememberingLog } from './function-fixture';

/** Gets events and responds to each event `e` with the result of `answer`. */
const bootstrap = (answer: string) => `#!/usr/bin/env node
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime';
(async () => {
  let count = 0;
  for (;;) {
    const next = await fetch(base + '/invocation/next');
    const id = next.headers.get('lambda-runtime-aws-request-id');
    const post = (what, body) => fetch(base + '/invocation/' + id + '/' + what, { method: 'POST', body });
    const e = await next.json();
    count += 1;
    ${answer}
  }
})();
`;

describe('ProcessEnvironment', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  const provided = (answer: string, properties: Partial<LambdaFunction> = {}) => {
    const lambdaFunction = fixture.function(
      'Provided',
      { bootstrap: bootstrap(answer) },
      { runtime: 'provided.al2023', memoryMegabytes: 512, ...properties },
    );
    chmodSync(join(lambdaFunction.codeDirectory, 'bootstrap'), 0o755);
    return lambdaFunction;
  };

  it('runs a bootstrap, and reuses its process for the next event', async () => {
    const host = fixture.host([provided("await post('response', JSON.stringify([e.text, count]));")]);
    expect(await host.invoke('Provided', '{"text":"ü"}')).toMatchObject({
      kind: 'success',
      payload: '["ü",1]',
    });
    expect(await host.invoke('Provided', '{"text":"b"}')).toMatchObject({ payload: '["b",2]' });
  });

  it("sets the code's folder and the function's variables, and no variables of the user", async () => {
    process.env.NOT_FOR_FUNCTIONS = 'x';
    const answer =
      "await post('response', JSON.stringify([process.cwd(), process.env.OWN, process.env.NOT_FOR_FUNCTIONS ?? null]));";
    const lambdaFunction = provided(answer, { environment: { OWN: 'own' } });
    const { payload } = await fixture.host([lambdaFunction]).invoke('Provided', '{}');
    expect(JSON.parse(payload)).toEqual([lambdaFunction.codeDirectory, 'own', null]);
  });

  it("sets the proxy that leads to AWS's hosts on this machine, unless the function sets its own", async () => {
    const answer = `const { HTTPS_PROXY, SSL_CERT_FILE, AWS_CA_BUNDLE } = process.env;
      const isThere = require('node:fs').existsSync(SSL_CERT_FILE);
      await post('response', JSON.stringify([HTTPS_PROXY, isThere, AWS_CA_BUNDLE]));`;
    const host = fixture.host([provided(answer, { environment: { AWS_CA_BUNDLE: 'own' } })]);
    const { payload } = await host.invoke('Provided', '{}');
    expect(JSON.parse(payload)).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), true, 'own']);
  });

  it('logs its output', async () => {
    const log = new RememberingLog();
    const host = fixture.host([provided("console.log('said'); await post('response', '1');")], { log });
    await host.invoke('Provided', '{}');
    await log.until(() => log.texts.includes('said'));
    expect(log.lines[0]?.requestId).toBe(log.starts[0]?.requestId);
  });

  it('reports the error that the process sends', async () => {
    const answer = "await post('error', JSON.stringify({ errorType: 'Odd', errorMessage: 'too odd' }));";
    expect(await fixture.host([provided(answer)]).invoke('Provided', '{}')).toMatchObject({
      kind: 'failure',
      errorType: 'Odd',
      errorMessage: 'too odd',
    });
  });

  it.each([
    ['process.exit(3)', 'exit status 3'],
    ["process.kill(process.pid, 'SIGTERM'); await new Promise(() => {})", 'signal: terminated'],
  ])('fails the invocation if the process ends: %s', async (answer, how) => {
    expect(await fixture.host([provided(answer)]).invoke('Provided', '{}')).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining(how),
    });
  });

  it('ends a process that times out', async () => {
    const host = fixture.host([provided('for (;;);', { timeoutSeconds: 0.1 })]);
    expect(await host.invoke('Provided', '{}')).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringContaining('Task timed out after 0.10 seconds'),
    });
  });

  it('refuses a response of more than 6 MB', async () => {
    const host = fixture.host([provided("await post('response', 'x'.repeat(7e6));")]);
    expect(await host.invoke('Provided', '{}')).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  it('explains how to make a bootstrap executable', async () => {
    const log = new RememberingLog();
    const lambdaFunction = fixture.function('Plain', { bootstrap: '' }, { runtime: 'provided.al2' });
    expect(await fixture.host([lambdaFunction], { log }).invoke('Plain', '{}')).toMatchObject({
      errorType: 'Runtime.InvalidEntrypoint',
    });
    expect(log.ends[0]?.detail).toContain(`chmod +x ${join(lambdaFunction.codeDirectory, 'bootstrap')}`);
  });

  it('does not run a program for another architecture, or a script without #!', async () => {
    const elf = (machine: number) => `\u007fELF${'\u0000'.repeat(14)}${String.fromCharCode(machine)}\u0000`;
    const other = process.arch === 'x64' ? 0x29 : 0x3e;
    for (const [name, content, remedy] of [
      ['Foreign', elf(other), /built for linux\/\S.*, but this machine is .*GOARCH=/],
      ['Script', 'echo script', /begins with #!/],
    ] as const) {
      const log = new RememberingLog();
      const lambdaFunction = fixture.function(name, { bootstrap: content }, { runtime: 'provided.al2023' });
      chmodSync(join(lambdaFunction.codeDirectory, 'bootstrap'), 0o755);
      expect(await fixture.host([lambdaFunction], { log }).invoke(name, '{}')).toMatchObject({
        errorType: 'Runtime.InvalidEntrypoint',
        errorMessage: expect.stringContaining('fork/exec /var/task/bootstrap: exec format error'),
      });
      expect(log.ends[0]?.detail).toMatch(remedy);
    }
  });

  it('says how to install the SDK that Lambda has for Python', async () => {
    const log = new RememberingLog();
    const answer = `await post('error', JSON.stringify({ errorType: 'E', errorMessage: "No module named 'boto3'" }));`;
    const host = fixture.host([provided(answer, { interpreter: '/venv/bin/python' })], { log });
    await host.invoke('Provided', '{}');
    expect(log.ends[0]?.detail).toContain('uv pip install --python /venv/bin/python boto3');
  });

  it('runs Node.js functions with --isolation process', async () => {
    const source = 'exports.handler = async (e, c) => [e.a, process.pid, c.functionName]';
    const host = fixture.host([fixture.function('Node', { 'index.js': source })], { isolation: 'process' });
    const { payload } = await host.invoke('Node', '{"a":1}');
    const [a, pid, name] = JSON.parse(payload);
    expect([a, name]).toEqual([1, 'Node']);
    expect(pid).not.toBe(process.pid);
  });
});

describe('RuntimeApi', () => {
  const nothing = () => undefined;
  const api = new RuntimeApi({
    onNext: nothing,
    onResponse: nothing,
    onError: nothing,
    onInitError: nothing,
  });
  let authority: string;
  beforeAll(async () => {
    authority = await api.listen();
  });
  afterAll(() => api.close());

  const statusOf = (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const url = `http://${authority}/2018-06-01/runtime/${path}`;
      request(url, { method: 'POST', headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });

  it.each([
    [{ Host: 'evil.example' }, 403],
    [{ Origin: 'http://127.0.0.1' }, 403],
    [{ 'Sec-Fetch-Site': 'same-origin' }, 403],
    [{}, 400],
  ])('responds to a request with %j with %d', async (headers, status) => {
    expect(await statusOf('invocation/none/response', headers as Record<string, string>)).toBe(status);
  });
});
