import { Fixture, REGION } from './function-fixture';

describe('FunctionHost', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  const invoke = async (source: string, event: unknown = {}) => {
    const host = fixture.host([fixture.function('Single', { 'index.js': source })]);
    return host.invoke('Single', JSON.stringify(event));
  };
  const failureOf = async (source: string) => {
    const outcome = await invoke(source);
    if (outcome.kind !== 'failure') throw new Error(`Expected a failure, got ${outcome.payload}`);
    return outcome;
  };

  describe('results', () => {
    it('returns the JSON of the handler’s result', async () => {
      const outcome = await invoke('exports.handler = async (event) => ({ got: event.a })', { a: 1 });
      expect(outcome).toEqual({ kind: 'success', requestId: expect.any(String), payload: '{"got":1}' });
    });

    it('returns null for a handler without a result', async () => {
      expect(await invoke('exports.handler = async () => {}')).toMatchObject({ payload: 'null' });
    });

    it('runs handlers that are not async', async () => {
      expect(await invoke('exports.handler = () => 5')).toMatchObject({ payload: '5' });
    });

    it('records a thrown error with its type, message and trace', async () => {
      const outcome = await failureOf(
        'exports.handler = async function work() { throw new TypeError("no such room") }',
      );
      expect(outcome).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such room' });
      const record = JSON.parse(outcome.payload);
      expect(Object.keys(record)).toEqual(['errorType', 'errorMessage', 'trace']);
      expect(record.trace.slice(0, 2)).toEqual([
        'TypeError: no such room',
        expect.stringMatching(/^ {4}at Runtime\.work \(.*Single.index\.js:1:\d+\)$/),
      ]);
    });

    it('records the type of a thrown value that is not an error', async () => {
      const outcome = await failureOf('exports.handler = async () => { throw "nope" }');
      expect(JSON.parse(outcome.payload)).toEqual({ errorType: 'string', errorMessage: 'nope', trace: [] });
    });

    it('refuses a result that cannot be converted to JSON', async () => {
      const outcome = await failureOf('exports.handler = async () => ({ big: 1n })');
      expect(outcome).toMatchObject({
        errorType: 'Runtime.JSONStringifyError',
        errorMessage: 'Unable to stringify response body',
      });
    });

    it('refuses a response of more than 6 MB', async () => {
      const outcome = await failureOf('exports.handler = async () => "x".repeat(6 * 1024 * 1024 + 99)');
      expect(outcome).toMatchObject({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      });
    });
  });

  describe('a handler', () => {
    it('receives Lambda’s context', async () => {
      const source =
        'exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() })';
      const outcome = await invoke(source);
      expect(JSON.parse(outcome.payload)).toEqual({
        functionName: 'Single',
        functionVersion: '$LATEST',
        invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:Single',
        memoryLimitInMB: '128',
        awsRequestId: outcome.requestId,
        logGroupName: '/aws/lambda/Single',
        logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
        left: expect.any(Number),
      });
      expect(JSON.parse(outcome.payload).left).toBeGreaterThan(0);
      expect(JSON.parse(outcome.payload).left).toBeLessThanOrEqual(60_000);
    });

    it("has its own environment variables and Lambda's, and none of this process", async () => {
      process.env.AWS_SESSION_TOKEN = 'a secret of the user';
      const lambdaFunction = fixture.function(
        'Environment',
        { 'index.js': 'exports.handler = async () => process.env' },
        { environment: { TABLE: 'Rooms', NODE_OPTIONS: '--max-old-space-size=64' } },
      );
      const outcome = await fixture.host([lambdaFunction]).invoke('Environment', '{}');
      delete process.env.AWS_SESSION_TOKEN;
      const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...variables } = JSON.parse(
        outcome.payload,
      );
      expect(variables).toEqual({
        TABLE: 'Rooms',
        NODE_OPTIONS: '--max-old-space-size=64',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_REGION: REGION,
        AWS_DEFAULT_REGION: REGION,
        AWS_ENDPOINT_URL_S3: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        SHARED_CONNECTION_LOCAL: 'true',
        AWS_LAMBDA_FUNCTION_NAME: 'Environment',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/Environment',
        AWS_LAMBDA_LOG_STREAM_NAME: expect.any(String),
        LAMBDA_TASK_ROOT: lambdaFunction.codeDirectory,
        _HANDLER: 'index.handler',
        _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
        PATH: expect.not.stringContaining(process.env.PATH ?? 'unset'),
        TZ: ':UTC',
      });
    });

    it('measures time from the start of the environment, which is a process on Lambda', async () => {
      const begun = performance.now();
      const { payload } = await invoke(
        'exports.handler = async () => [performance.now(), process.uptime() * 1_000, Date.now() - performance.timeOrigin]',
      );
      const longest = performance.now() - begun;
      for (const milliseconds of JSON.parse(payload)) expect(milliseconds).toBeLessThan(longest);
    });

    it('does not see the home and the folder of the person who runs the host', async () => {
      const outcome = await invoke(
        'exports.handler = async () => [require("node:os").homedir(), process.cwd(), process.env.LAMBDA_TASK_ROOT]',
      );
      const [home, folder, taskRoot] = JSON.parse(outcome.payload);
      expect(home).toBe('/home/sbx_user1051');
      expect(folder).toBe(taskRoot);
    });
  });
});
