import { Fixture, RememberingLog } from './function-fixture';

describe('Node.js runtimes', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  const invoke = (runtime: string, source: string, log = new RememberingLog()) => {
    const lambdaFunction = fixture.function('Single', { 'index.js': source }, { runtime });
    return fixture.host([lambdaFunction], { log }).invoke('Single', '{"a":1}');
  };

  it.each(['nodejs20.x', 'nodejs24.x'])(
    "calls a handler on an object, as %s's runtime client does",
    async (runtime) => {
      const source = 'exports.handler = async function () { "use strict"; return typeof this }';
      expect(await invoke(runtime, source)).toMatchObject({ payload: '"object"' });
    },
  );

  describe('up to nodejs22.x', () => {
    it.each<[string, string, string]>([
      ['a callback', '(event, context, callback) => callback(null, event.a)', '1'],
      [
        'a callback that comes late',
        '(event, context, callback) => { setTimeout(callback, 5, null, 2) }',
        '2',
      ],
      [
        'a callback of an inner async function',
        '(e, c, callback) => { (async () => { await null; callback(null, 3) })() }',
        '3',
      ],
      ['context.succeed', '(event, context) => context.succeed(4)', '4'],
      ['context.done', '(event, context) => context.done(null, 5)', '5'],
      [
        'the promise of an async handler that declares a callback',
        'async (event, context, callback) => 6',
        '6',
      ],
      ['a promise', '() => Promise.resolve(7)', '7'],
      ['null for a value that it returns itself', '() => 8', 'null'],
      ['null for a callback that is never called', '(event, context, callback) => {}', 'null'],
      ['the first of two callbacks', '(e, c, callback) => { callback(null, 9); callback(null, 10) }', '9'],
      [
        'the callback once all work is done',
        `(e, c, callback) => {
          const seen = [];
          setTimeout(() => seen.push('done'), 5);
          callback(null, seen);
        }`,
        '["done"]',
      ],
      [
        'the callback at once, if it does not wait for the event loop',
        `(e, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = false;
          const seen = [];
          setTimeout(() => seen.push('done'), 60_000);
          callback(null, seen);
        }`,
        '[]',
      ],
    ])('respond with %s', async (_, handler, payload) => {
      expect(await invoke('nodejs22.x', `exports.handler = ${handler}`)).toMatchObject({
        kind: 'success',
        payload,
      });
    });

    it.each<[string, string, string, string]>([
      ['an error of a callback', '(e, c, callback) => callback(new TypeError("no"))', 'TypeError', 'no'],
      ['a text of a callback', '(e, c, callback) => callback("no")', 'string', 'no'],
      ['context.fail', '(event, context) => context.fail(new Error("no"))', 'Error', 'no'],
      ['an error thrown', '() => { throw new RangeError("no") }', 'RangeError', 'no'],
      [
        'an error thrown in a timer',
        'async () => { setTimeout(() => { throw new TypeError("late") }, 1); await new Promise((r) => setTimeout(r, 60_000)) }',
        'TypeError',
        'late',
      ],
      [
        'a rejection that nobody handles',
        'async () => { Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 60_000)) }',
        'Runtime.UnhandledPromiseRejection',
        'Error: lost',
      ],
      [
        'a promise that is never settled',
        'async () => { await new Promise(() => {}) }',
        'Runtime.NodeJsExit',
        'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
      ],
    ])('fail with %s', async (_, handler, errorType, errorMessage) => {
      const outcome = await invoke('nodejs20.x', `exports.handler = ${handler}`);
      expect(outcome).toMatchObject({ kind: 'failure', errorType, errorMessage });
      expect(JSON.parse(outcome.payload)).toMatchObject({
        errorType,
        errorMessage,
        trace: expect.anything(),
      });
    });

    it('start a new environment after an uncaught error', async () => {
      const source = `let events = 0; exports.handler = async ({ good }) => {
        events += 1;
        if (!good) { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 60_000)); }
        return events;
      }`;
      const host = fixture.host([
        fixture.function('Single', { 'index.js': source }, { runtime: 'nodejs18.x' }),
      ]);
      expect(await host.invoke('Single', '{}')).toMatchObject({ kind: 'failure' });
      expect(await host.invoke('Single', '{"good":true}')).toMatchObject({ payload: '1' });
    });
  });

  it('return a value that a handler of nodejs24.x returns without a promise', async () => {
    expect(await invoke('nodejs24.x', 'exports.handler = () => 1')).toMatchObject({ payload: '1' });
  });

  it('set their names, and give each invocation its own trace id', async () => {
    const source =
      'exports.handler = async () => [process.env.AWS_EXECUTION_ENV, process.env._X_AMZN_TRACE_ID]';
    const [name, trace] = JSON.parse((await invoke('nodejs20.x', source)).payload);
    expect(name).toBe('AWS_Lambda_nodejs20.x');
    expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
  });

  it('pass on the alias by which a function was invoked, and its version', async () => {
    const source = `let events = 0; exports.handler = async (event, { functionVersion, invokedFunctionArn, clientContext }) =>
      [functionVersion, process.env.AWS_LAMBDA_FUNCTION_VERSION, invokedFunctionArn.split(':').slice(6).join(':'), clientContext, ++events]`;
    const lambdaFunction = fixture.function(
      'Aliased',
      { 'index.js': source },
      { qualifiers: { live: '7', 7: '7' } },
    );
    const host = fixture.host([lambdaFunction]);
    const told = async (name: string, context?: string) =>
      JSON.parse((await host.invoke(name, '{}', undefined, context)).payload);
    expect(await told('Aliased')).toEqual(['$LATEST', '$LATEST', 'Aliased', null, 1]);
    expect(await told('Aliased:live', '{"client":1}')).toEqual(['7', '7', 'Aliased:live', { client: 1 }, 1]);
    expect(await told('Aliased:7')).toEqual(['7', '7', 'Aliased:7', null, 2]);
    expect(await host.invoke('Aliased:8', '{}')).toMatchObject({ errorType: 'ResourceNotFoundException' });
  });
});
