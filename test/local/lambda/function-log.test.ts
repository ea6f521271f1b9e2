import { join } from 'node:path';
import { type InvocationEnd, textFunctionLog } from '../../../local/lambda/function-log';
import { Fixture, RememberingLog } from './function-fixture';

/** Today's local time, because the log is for people. */
const AT = new Date(2026, 0, 31, 10, 15, 3, 123).getTime();

function invocationEnd(overrides: Partial<InvocationEnd> = {}): InvocationEnd {
  return {
    functionName: 'ChatRoutes',
    requestId: 'id',
    payload: '{}',
    startedAt: AT - 12,
    endedAt: AT,
    attempt: 1,
    coldStart: false,
    durationMillis: 12.3,
    billedMillis: 13,
    outcome: { kind: 'success', requestId: 'id', payload: 'null' },
    leftovers: {},
    ...overrides,
  };
}

describe('textFunctionLog', () => {
  const written: string[] = [];
  const log = textFunctionLog({
    info: (text) => written.push(`info ${text}`),
    warn: (text) => written.push(`warn ${text}`),
    error: (text) => written.push(`error ${text}`),
  });
  beforeEach(() => {
    written.length = 0;
  });

  it('writes a line for an invocation', () => {
    log.end(invocationEnd());
    expect(written).toEqual(['info 10:15:03.123 ChatRoutes 12 ms']);
  });

  it.each([
    [
      '{"type":"TOKEN","authorizationToken":"Bearer s3cret","methodArn":"arn"}',
      '"authorizationToken":"(hidden)"',
    ],
    [
      '{"identitySource":["s3cret","a\\"s3cret]"],"routeKey":"GET /"}',
      '{"identitySource":"(hidden)","routeKey"',
    ],
    ['{"headers":{"Authorization":"s3cret","Host":"a"}}', '{"Authorization":"(hidden)","Host":"a"}'],
    ['{"multiValueHeaders":{"authorization":["s3cret"],"host":["a"]}}', '"authorization":"(hidden)","host"'],
    ['{"authorizationToken":"s3cret that is cut', '"authorizationToken":"(hidden)"'],
    [
      '{"identitySource":["s3cret"],"headers":{"x-token":"s3cret"},"rawQueryString":"token=s3cret&room=1"}',
      '"headers":{"x-token":"(hidden)"},"rawQueryString":"token=(hidden)&room=1"',
    ],
    [
      '{"headers":{"cookie":"sid=s3cret; room=1"},"cookies":["sid=s3cret"]}',
      '{"cookie":"(hidden)"},"cookies":',
    ],
  ])('hides tokens for authorizers in any form: %s', (payload, shown) => {
    const note = (text: string) => void written.push(text);
    textFunctionLog({ info: note, warn: note, error: note }, { verbose: true }).start(
      invocationEnd({ payload }),
    );
    expect(written.join()).toContain(shown);
    expect(written.join()).not.toContain('s3cret');
  });

  it('shows nothing of a text with more cookies than it can look for', () => {
    const cookies = Array.from({ length: 201 }, (_, number) => `sid=s3cret${number}`);
    const note = (text: string) => void written.push(text);
    textFunctionLog({ info: note, warn: note, error: note }, { verbose: true }).start(
      invocationEnd({ payload: JSON.stringify({ cookies, room: 'lobby' }) }),
    );
    expect(written.join()).toContain('(hidden, because it contains too many cookies or tokens)');
    expect(written.join()).not.toMatch(/s3cret|lobby/);
  });

  it('shows payloads and results, without the JWTs in them', () => {
    const verbose = textFunctionLog(
      { info: (text) => written.push(text), warn() {}, error() {} },
      { timeOfDay: () => 'now', verbose: true },
    );
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    const headers = { 'Sec-WebSocket-Protocol': `bearer, ${token}` };
    const invocation = invocationEnd({ payload: JSON.stringify({ headers }) });
    verbose.start(invocation);
    verbose.end({ ...invocation, outcome: { ...invocation.outcome, payload: JSON.stringify(token) } });
    expect(written.slice(0, 2)).toEqual([
      'now ChatRoutes < {"headers":{"Sec-WebSocket-Protocol":"bearer, (JWT)"}}',
      'now ChatRoutes > "(JWT)"',
    ]);
  });

  it('uses readable function names, and says what an invocation was for', () => {
    const named = textFunctionLog(
      { info: (text) => written.push(text), warn() {}, error() {} },
      { nameOf: (name) => `Chat/${name}`, timeOfDay: (at) => `[${at - AT}]` },
    );
    named.end(invocationEnd({ subject: '$default uJo39vlXoAMCHMA=' }));
    named.output({ functionName: 'Routes', requestId: 'id', at: AT, stream: 'stdout', text: 'hello' });
    expect(written).toEqual([
      '[0] Chat/ChatRoutes $default uJo39vlXoAMCHMA= 12 ms',
      '[0] Chat/Routes | hello',
    ]);
  });

  it('writes only failures if it is quiet', () => {
    const quiet = textFunctionLog(
      {
        info: () => written.push('info'),
        warn: (text) => written.push(text),
        error: (text) => written.push(text),
      },
      { quiet: true },
    );
    quiet.end(invocationEnd({ leftovers: { timer: 1 } }));
    quiet.output({ functionName: 'Routes', requestId: 'id', at: AT, stream: 'stdout', text: 'hello' });
    expect(written).toEqual([]);
    const outcome = {
      kind: 'failure',
      requestId: 'id',
      errorType: 'Error',
      errorMessage: 'no',
      payload: '{}',
    } as const;
    quiet.end(invocationEnd({ outcome }));
    quiet.notice('ChatRoutes', 'event id is dropped');
    expect(written).toEqual(['10:15:03.123 ChatRoutes 12 ms Error: no', 'ChatRoutes: event id is dropped']);
  });

  it('writes payloads and results if it is verbose', () => {
    const verbose = textFunctionLog(
      { info: (text) => written.push(text), warn() {}, error() {} },
      { verbose: true },
    );
    verbose.start(invocationEnd({ payload: '{"body":"hi"}', startedAt: AT }));
    verbose.end(invocationEnd());
    expect(written).toEqual([
      '10:15:03.123 ChatRoutes < {"body":"hi"}',
      '10:15:03.123 ChatRoutes > null',
      '10:15:03.123 ChatRoutes 12 ms',
    ]);
  });

  it('writes the duration of a cold start, and the number of the attempt', () => {
    log.end(invocationEnd({ durationMillis: 0.44, initMillis: 31.6, attempt: 2 }));
    expect(written).toEqual(['info 10:15:03.123 ChatRoutes 0.4 ms (started in 32 ms) (attempt 2)']);
  });

  it('writes output under the name of the function', () => {
    log.output({ functionName: 'ChatRoutes', requestId: 'id', at: AT, stream: 'stdout', text: 'hello' });
    expect(written).toEqual(['info 10:15:03.123 ChatRoutes | hello']);
  });

  it('writes an error with its stack below the line', () => {
    const outcome = {
      kind: 'failure',
      requestId: 'id',
      errorType: 'Error',
      errorMessage: 'no',
      payload: '{}',
    } as const;
    log.end(invocationEnd({ outcome, detail: 'Error: no\n    at room.ts:6:9' }));
    expect(written).toEqual(['error 10:15:03.123 ChatRoutes 12 ms Error: no\n        at room.ts:6:9']);
  });

  it("omits stack frames outside the function's code", () => {
    const outcome = {
      kind: 'failure',
      requestId: 'id',
      errorType: 'Error',
      errorMessage: 'no',
      payload: '{}',
    } as const;
    const inner = join(__dirname, '../../../local/lambda/environments/worker/bootstrap.cjs');
    const detail = `Error: no\n    at room.ts:6:9\n    at process.run (node:internal/process:9:5)\n    at main (${inner}:9:1) {\n  code: 'X'\n}`;
    log.end(invocationEnd({ outcome, detail }));
    expect(written[0]).toMatch(/Error: no\n +at room.ts:6:9 {\n +code: 'X'\n +}$/);
  });

  it('warns about unfinished work', () => {
    log.end(invocationEnd({ leftovers: { timer: 1, connection: 2 } }));
    expect(written).toEqual([
      'info 10:15:03.123 ChatRoutes 12 ms',
      expect.stringMatching(/^warn 10:15:03.123 ChatRoutes left 1 timer, 2 connections pending/),
    ]);
  });

  it('writes a notice', () => {
    log.notice('ChatRoutes', 'event id is dropped');
    expect(written).toEqual(['warn ChatRoutes: event id is dropped']);
  });
});

describe('FunctionLog', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  const logOf = async (body: string) => {
    const log = new RememberingLog();
    const source = `exports.handler = async () => { ${body} }`;
    await fixture
      .host([fixture.function('Printing', { 'index.js': source })], { log })
      .invoke('Printing', '{}');
    return log;
  };

  it.each([
    ['console.log', "console.log('a %s', 1)", 'stdout', 'a 1'],
    ['console.error', "console.error('a')", 'stderr', 'a'],
    ['process.stdout', "process.stdout.write('a\\n')", 'stdout', 'a'],
    ['text without a line end', "process.stderr.write(Buffer.from('a'))", 'stderr', 'a'],
    ['a file descriptor', "require('node:fs').writeSync(1, 'a\\n')", 'stdout', 'a'],
  ])('is notified of %s', async (_, body, stream, text) => {
    expect((await logOf(body)).lines).toMatchObject([{ functionName: 'Printing', stream, text }]);
  });

  it('is notified of output before the process ends', async () => {
    expect((await logOf("process.stdout.write('last words'); process.exit(1)")).texts).toEqual([
      'last words',
    ]);
  });

  it('cuts lines that are too long', async () => {
    const [line] = (await logOf("console.log('x'.repeat(20_000))")).texts;
    expect(line).toBe(`${'x'.repeat(16_384)}… (3616 more characters)`);
  });

  it('keeps a limited number of lines', async () => {
    const { texts } = await logOf('for (let n = 0; n < 10_005; n++) console.log(n)');
    expect(texts).toHaveLength(10_001);
    expect(texts.at(-1)).toBe('… 5 more lines are not shown');
  });

  it('shows the init phase of a cold start, and includes it in the billed duration', async () => {
    const log = await logOf('');
    const { initMillis = 0, durationMillis, billedMillis, coldStart } = log.ends[0] ?? invocationEnd();
    expect(coldStart).toBe(true);
    expect(initMillis).toBeGreaterThan(0);
    expect(billedMillis).toBe(Math.ceil(initMillis + durationMillis));
  });
});
