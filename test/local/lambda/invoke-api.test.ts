import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { invokeHandler } from '../../../local/lambda/invoke-api';
import { ACCOUNT_ID, Fixture, REGION, RememberingLog } from './function-fixture';

const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:Echo`;

describe('Invoke API', () => {
  const fixture = new Fixture();
  const log = new RememberingLog();
  let server: Server;
  let client: LambdaClient;
  let url: string;

  beforeAll(async () => {
    const source = `exports.handler = async (event) => {
      if (event.fail) throw new TypeError('as asked');
      console.log(JSON.stringify(event));
      return event;
    }`;
    const handle = invokeHandler(
      fixture.host([fixture.function('Echo', { 'index.js': source })], {
        log,
      }),
    );
    server = createServer((request, response) => {
      if (!handle(request, response)) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new LambdaClient({
      region: REGION,
      endpoint: url,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });
  afterAll(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fixture.closeHosts();
    fixture.remove();
  });

  const invoke = async (input: Partial<InvokeCommandInput>) => {
    const output = await client.send(new InvokeCommand({ FunctionName: 'Echo', ...input }));
    return { ...output, Payload: output.Payload?.transformToString() };
  };
  const post = (path: string, init: RequestInit = {}) => fetch(url + path, { method: 'POST', ...init });

  it('responds with the function’s result', async () => {
    const { StatusCode, ExecutedVersion, FunctionError, Payload, $metadata } = await invoke({
      Payload: '{"a":1}',
    });
    expect({ StatusCode, ExecutedVersion, FunctionError, Payload }).toEqual({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      FunctionError: undefined,
      Payload: '{"a":1}',
    });
    expect($metadata.requestId).toBe(log.ends.at(-1)?.requestId);
  });

  it('responds with 200 and the error record if a function fails', async () => {
    const { StatusCode, FunctionError, Payload } = await invoke({ Payload: '{"fail":true}' });
    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(JSON.parse(Payload ?? '')).toMatchObject({ errorType: 'TypeError', errorMessage: 'as asked' });
  });

  it('refuses an event above the limit, as Lambda throttles', async () => {
    const full = fixture.host([fixture.function('Full', {})], { limits: { asynchronousEvents: 0 } });
    const fullServer = createServer(invokeHandler(full));
    await new Promise<void>((resolve) => fullServer.listen(0, '127.0.0.1', resolve));
    const { port } = fullServer.address() as AddressInfo;
    const refused = await fetch(`http://127.0.0.1:${port}/2015-03-31/functions/Full/invocations`, {
      method: 'POST',
      headers: { 'x-amz-invocation-type': 'Event', connection: 'close' },
      body: '{}',
    });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-amzn-ErrorType')).toBe('TooManyRequestsException');
    await new Promise((resolve) => fullServer.close(resolve));
  });

  it('accepts an event immediately, and runs it', async () => {
    const { StatusCode, FunctionError, $metadata } = await invoke({
      InvocationType: 'Event',
      Payload: '{"later":1}',
    });
    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 202, FunctionError: undefined });
    await log.until(() => log.texts.includes('{"later":1}'));
    expect(log.lines.at(-1)?.requestId).toBe($metadata.requestId);
  });

  it('does not run the function for DryRun', async () => {
    const before = log.starts.length;
    expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
    expect(log.starts).toHaveLength(before);
  });

  it('treats a missing payload as an empty event', async () => {
    expect(await invoke({})).toMatchObject({ Payload: '{}' });
  });

  it.each([
    ['a name', 'Echo'],
    ['a name with its version', 'Echo:$LATEST'],
    ['a partial ARN', `${ACCOUNT_ID}:function:Echo`],
    ['an ARN', ARN],
    ['an ARN with its version', `${ARN}:$LATEST`],
  ])('finds the function by %s', async (_, FunctionName) => {
    expect(await invoke({ FunctionName })).toMatchObject({ StatusCode: 200 });
  });

  it.each([
    ['another name', 'Other', `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:Other`],
    ['another version', 'Echo:7', `${ARN}:7`],
    ['another region', ARN.replace(REGION, 'us-west-2'), ARN.replace(REGION, 'us-west-2')],
    ['another account', '999999999999:function:Echo', ARN.replace(ACCOUNT_ID, '999999999999')],
  ])('does not find %s', async (_, FunctionName, arn) => {
    await expect(invoke({ FunctionName })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn}`,
      Type: 'User',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('refuses different qualifiers in the path and the query', async () => {
    await expect(invoke({ FunctionName: 'Echo:$LATEST', Qualifier: '7' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'The derived qualifier from the function name does not match the specified qualifier.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it.each([
    ['the same qualifier twice', 'Echo:$LATEST', '$LATEST'],
    ['an empty qualifier', 'Echo', ''],
    ['an empty qualifier after one in the path', 'Echo:$LATEST', ''],
  ])('accepts %s', async (_, name, qualifier) => {
    const path = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations?Qualifier=${qualifier}`;
    expect((await post(path)).status).toBe(200);
  });

  it('refuses a payload that is not JSON', async () => {
    await expect(invoke({ Payload: '{"a":' })).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
      message: expect.stringMatching(/^Could not parse request body into json/),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it.each<[string, string, number]>([
    ['RequestResponse', '6 MB', 6_291_456],
    ['Event', '1 MB', 1_048_576],
  ])('refuses a payload for %s above %s', async (type, _, limit) => {
    const send = (bytes: number) =>
      post('/2015-03-31/functions/Echo/invocations', {
        headers: { 'X-Amz-Invocation-Type': type },
        body: `"${'x'.repeat(bytes - 2)}"`,
      });
    expect((await send(limit)).ok).toBe(true);
    const refused = await send(limit + 1);
    expect(refused.status).toBe(413);
    expect(refused.headers.get('x-amzn-ErrorType')).toBe('RequestEntityTooLargeException');
    expect(await refused.json()).toEqual({
      Type: 'User',
      Message: `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
    });
  });

  it('refuses an unknown invocation type', async () => {
    const response = await post('/2015-03-31/functions/Echo/invocations', {
      headers: { 'X-Amz-Invocation-Type': 'Twice' },
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-amzn-ErrorType')).toBe('ValidationException');
  });

  it('ignores other requests', async () => {
    expect((await post('/2015-03-31/functions')).status).toBe(418);
    expect((await post('//?X-Amz-Credential=a/b/c/lambda/aws4_request')).status).toBe(418);
    expect((await post('/2015-03-31/functions/Echo/invocations', { method: 'GET' })).status).toBe(418);
  });
});
