/** What API Gateway does with a function's result. */
import assert from 'node:assert/strict';
import { type Case, type Section, SOURCES } from '../case';

const frame = (message: string) =>
  new RegExp(`^\\{"message": "${message}", "connectionId":"[\\w-]{15}=", "requestId":"[\\w-]{15}="\\}$`);

/** A message with a script that makes its handler fail. */
function fails(what: string, action: string, script: object, source: string): Case {
  return {
    fact: `${what} is answered with the "Internal server error" frame, and the socket stays open`,
    source,
    run: async ({ main }) => {
      const socket = await main.connect();
      socket.run(action, script);
      assert.match(await socket.next(), frame('Internal server error'));
      assert.equal((await socket.event()).requestContext.routeKey, 'two-way');
      await socket.close();
    },
  };
}

export const results: Section = {
  title: 'Results',
  cases: [
    {
      fact: 'The body of a one-way route is not sent',
      source: SOURCES.oneWay,
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.run('one-way', { returns: { statusCode: 200, body: 'hello' } });
        assert.ok(await socket.hearsNothing());
        await socket.close();
      },
    },
    {
      fact: 'The body of a two-way route is sent unchanged, as a text frame',
      source: SOURCES.oneWay,
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.run('two-way', { returns: { statusCode: 200, body: 'héllo {"a": 1}' } });
        const { data, isBinary } = await socket.nextFrame();
        assert.deepEqual([String(data), isBinary], ['héllo {"a": 1}', false]);
        await socket.close();
      },
    },
    ...[201, 301, 401, 501].map(
      (statusCode): Case => ({
        fact: `A one-way route that returns ${statusCode} sends nothing`,
        source: SOURCES.wscat,
        run: async ({ main }) => {
          const socket = await main.connect();
          socket.run('one-way', { returns: { statusCode } });
          assert.ok(await socket.hearsNothing());
          await socket.close();
        },
      }),
    ),
    fails('A function that throws', 'two-way', { throws: 'no' }, SOURCES.wscat),
    fails('A function of a one-way route that throws', 'one-way', { throws: 'no' }, SOURCES.oneWay),
    fails('A function that returns nothing', 'one-way', { returnsNothing: true }, SOURCES.wscat),
    fails(
      'A result without a statusCode',
      'two-way',
      { returns: { body: 'x' } },
      'inferred from the documentation of proxy results',
    ),
    fails(
      'A result with a member that proxy results do not have',
      'two-way',
      { returns: { statusCode: 200, Data: 'x' } },
      'middy #1219',
    ),
    {
      fact: 'A function that takes longer than its integration may is answered with the "Endpoint request timed out" frame',
      source: 'chalice #1406, mangum #128',
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.run('brief', { sleepMilliseconds: 3_000 });
        assert.match(await socket.next(), frame('Endpoint request timed out'));
        await socket.close();
      },
    },
    {
      fact: 'A MOCK integration responds without a function, from its response template',
      source: 'Developer Guide: MOCK integrations of WebSocket APIs',
      run: async ({ main }) => {
        const socket = await main.connect();
        const { connectionId } = (await socket.event()).requestContext;
        socket.send('{"action":"ping"}');
        assert.deepEqual(JSON.parse(await socket.next()), { pong: connectionId });
        await socket.close();
      },
    },
    {
      fact: 'A template has the ids, times and names of the request, the stage variables, and parts of the message',
      source: 'Developer Guide: mapping template reference of WebSocket APIs',
      run: async ({ main }) => {
        const socket = await main.connect();
        const { requestContext } = await socket.event();
        const message = '{"action":"variables","part":{"a":[1]}}';
        socket.send(message);
        const { escaped, messageId, requestId, ...seen } = JSON.parse(await socket.next());
        assert.match(messageId, /^[\w-]{15}=$/);
        assert.match(requestId, /^[\w-]{15}=$/);
        assert.equal(seen.extendedRequestId, requestId);
        assert.ok(Number(seen.requestTimeEpoch) >= requestContext.requestTimeEpoch);
        assert.match(seen.requestTime, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
        const { connectionId, connectedAt, domainName, apiId, stage, identity } = requestContext;
        assert.deepEqual(
          { ...seen, extendedRequestId: '', requestTime: '', requestTimeEpoch: '' },
          {
            ...{ connectionId, connectedAt: String(connectedAt), domainName, apiId, stage },
            ...{ eventType: 'MESSAGE', routeKey: 'variables', 'identity.sourceIp': identity.sourceIp },
            ...{ extendedRequestId: '', requestTime: '', requestTimeEpoch: '' },
            ...{ colour: 'blue', part: { a: [1] } },
          },
        );
        assert.equal(escaped, message);
        await socket.close();
      },
    },
    {
      fact: 'A message that does not match its route’s model is answered with the "Bad request body" frame',
      source: SOURCES.validation,
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.send('{"action":"validated","text":7}');
        assert.match(
          await socket.next(),
          /^\{"message" : "Bad request body", "connectionId": "[\w-]{15}=", "messageId": "[\w-]{15}="\}$/,
        );
        socket.send('{"action":"validated","text":"seven"}');
        assert.equal(JSON.parse(await socket.next()).requestContext.routeKey, 'validated');
        await socket.close();
      },
    },
  ],
  others: [
    {
      fact: 'HTTP_PROXY posts the message unchanged and responds with the whole body of the backend; HTTP uses templates',
      source: 'localstack #4719, #5851; Developer Guide: integrations of WebSocket APIs',
      test: 'test/local/gateway/integrations/http-integration.test.ts',
    },
    {
      fact: 'The response of an HTTP integration is selected by status, that of a Lambda integration by the error message',
      source: 'Developer Guide: data transformations of WebSocket APIs',
      test: 'test/local/gateway/integrations/lambda-integration.test.ts',
    },
    {
      fact: 'Passthrough behavior, request parameters, content handling, and templates selected by status and header',
      source: 'Developer Guide: data mapping, binary media types of WebSocket APIs',
      test: 'test/local/gateway/integrations/http-integration.test.ts',
    },
    {
      fact: 'A service such as SQS or DynamoDB is called with the result of the request template, even on $connect',
      source: 'aws-cdk #28905, serverlessland.com',
      test: 'test/local/gateway/integrations/service-integration.test.ts',
    },
    {
      fact: 'The policies of the role decide which services a route may call, in a session named BackplaneAssumeRoleSession',
      source: 'Developer Guide: integrations of WebSocket APIs; published CloudTrail events',
      test: 'test/local/gateway/service-permissions.test.ts',
    },
    {
      fact: 'A model is JSON Schema draft 4, and selected by an expression; a message without a model is refused',
      source: SOURCES.validation,
      test: 'test/local/gateway/models.test.ts',
    },
    {
      fact: 'Messages of one connection run concurrently, and may be answered out of order',
      source: 'Developer Guide: integrations of WebSocket APIs',
      test: 'test/local/gateway/messages.test.ts',
    },
    {
      fact: 'A throttled route responds with a "Too Many Requests" frame, and the socket stays open',
      source: 'no public source; measured by --measure',
      test: 'test/local/gateway/throttling.test.ts',
    },
    {
      fact: 'Access logs have a line in the format of the stage for each handshake, message and close',
      source: 'Developer Guide: logging of WebSocket APIs',
      test: 'test/local/gateway/access-log.test.ts',
    },
    {
      fact: 'CloudWatch has metrics and execution logs of the API',
      source: 'Developer Guide: monitoring of WebSocket APIs',
      why: 'The local runtime has no CloudWatch. Its console and log show the same events.',
    },
  ],
};
