/** The events that Lambda receives. */
import assert from 'node:assert/strict';
import { type Section, SOURCES } from '../case';

const ID = /^[A-Za-z0-9_-]{14}[AQgw]=$/;
const CONTEXT_ORDER = [
  ...['routeKey', 'authorizer', 'messageId', 'disconnectStatusCode', 'eventType', 'extendedRequestId'],
  ...['requestTime', 'messageDirection', 'disconnectReason', 'stage', 'connectedAt', 'requestTimeEpoch'],
  ...['identity', 'requestId', 'domainName', 'connectionId', 'apiId'],
];

export const events: Section = {
  title: 'Events',
  cases: [
    {
      fact: 'A CONNECT event has headers, stage variables and request context, and no query without one',
      source: SOURCES.events,
      run: async ({ main }) => {
        const socket = await main.connect();
        const { CONNECT } = await socket.keptEvents();
        assert.deepEqual(Object.keys(CONNECT), [
          ...['headers', 'multiValueHeaders', 'stageVariables', 'requestContext', 'isBase64Encoded'],
        ]);
        assert.deepEqual(CONNECT.stageVariables, { colour: 'blue' });
        assert.equal(CONNECT.isBase64Encoded, false);
        await socket.close();
      },
    },
    {
      fact: 'A repeated query key has its last value and all of its values, decoded',
      source: SOURCES.offline,
      run: async ({ main }) => {
        const socket = await main.connect({ query: 'token=a%2Bb%3D&room=1&room=2&flag&empty=' });
        const { CONNECT } = await socket.keptEvents();
        assert.deepEqual(CONNECT.queryStringParameters, { token: 'a+b=', room: '2', flag: '', empty: '' });
        assert.deepEqual(CONNECT.multiValueQueryStringParameters, {
          ...{ token: ['a+b='], room: ['1', '2'], flag: [''], empty: [''] },
        });
        await socket.close();
      },
    },
    {
      fact: 'Headers of the CONNECT event keep the client’s case; Connection and Upgrade are removed, and X-Forwarded-… are added',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const socket = await main.connect({ headers: { 'X-MiXed': 'x' } });
        const { CONNECT } = await socket.keptEvents();
        const names = Object.keys(CONNECT.headers);
        assert.equal(CONNECT.headers['X-MiXed'], 'x');
        assert.deepEqual(CONNECT.multiValueHeaders['X-MiXed'], ['x']);
        for (const name of [
          'Host',
          'X-Amzn-Trace-Id',
          'X-Forwarded-For',
          'X-Forwarded-Port',
          'X-Forwarded-Proto',
        ])
          assert.ok(names.includes(name), name);
        for (const name of names) assert.doesNotMatch(name, /^(connection|upgrade|content-length)$/i);
        assert.match(CONNECT.headers['X-Amzn-Trace-Id'], /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/);
        assert.deepEqual(
          [CONNECT.headers['X-Forwarded-Port'], CONNECT.headers['X-Forwarded-Proto']],
          ['443', 'https'],
        );
        await socket.close();
      },
    },
    {
      fact: 'A MESSAGE event has the text as it was sent, and neither headers nor query',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const socket = await main.connect({ query: 'room=1' });
        const text = '{ "any" :\t"text" }';
        socket.send(text);
        const event = JSON.parse(await socket.next());
        assert.deepEqual(Object.keys(event), ['stageVariables', 'requestContext', 'body', 'isBase64Encoded']);
        assert.equal(event.body, text);
        await socket.close();
      },
    },
    {
      fact: 'The request context has its members in the order of real dumps',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const [watcher, socket] = [await main.connect(), await main.connect()];
        const message = await socket.event();
        const { connectionId } = message.requestContext;
        await socket.close();
        const DISCONNECT = await watcher.disconnectOf(connectionId);
        const { CONNECT } = await watcher.keptEvents(connectionId);
        for (const { requestContext } of [CONNECT, message, DISCONNECT]) {
          const keys = Object.keys(requestContext);
          assert.deepEqual(
            keys,
            CONTEXT_ORDER.filter((key) => keys.includes(key)),
          );
        }
        await watcher.close();
      },
    },
    {
      fact: 'Ids have 16 characters of URL-safe base64; the request id appears twice; each message has its own id',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const socket = await main.connect();
        const [first, second] = [await socket.event(), await socket.event()];
        const { connectionId, requestId, extendedRequestId, messageId } = first.requestContext;
        for (const id of [connectionId, requestId, messageId]) assert.match(id, ID);
        assert.equal(extendedRequestId, requestId);
        assert.notEqual(messageId, second.requestContext.messageId);
        assert.equal(connectionId, second.requestContext.connectionId);
        await socket.close();
      },
    },
    {
      fact: 'Times are milliseconds and a CLF text in UTC; connectedAt does not change',
      source: SOURCES.events,
      run: async ({ main }) => {
        const socket = await main.connect();
        const { requestContext } = await socket.event();
        const { CONNECT } = await socket.keptEvents();
        assert.match(requestContext.requestTime, /^\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/);
        assert.ok(Number.isInteger(requestContext.requestTimeEpoch));
        assert.equal(requestContext.connectedAt, CONNECT.requestContext.connectedAt);
        assert.ok(CONNECT.requestContext.requestTimeEpoch - CONNECT.requestContext.connectedAt <= 1_000);
        await socket.close();
      },
    },
    {
      fact: 'The identity has the address, and before it the user agent if the client sent one',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const [plain, named] = [
          await main.connect(),
          await main.connect({ headers: { 'User-Agent': 'mine/1' } }),
        ];
        assert.deepEqual(Object.keys((await plain.event()).requestContext.identity), ['sourceIp']);
        const { identity } = (await named.event()).requestContext;
        assert.deepEqual(Object.keys(identity), ['userAgent', 'sourceIp']);
        assert.equal(identity.userAgent, 'mine/1');
        await Promise.all([plain.close(), named.close()]);
      },
    },
    {
      fact: 'The stage, the API and the host are in every event',
      source: SOURCES.events,
      run: async ({ main }) => {
        const socket = await main.connect();
        const { requestContext } = await socket.event();
        const { stage, apiId, domainName, messageDirection } = requestContext;
        assert.equal(stage, 'main');
        assert.ok(domainName.startsWith(`${apiId}.execute-api.`), domainName);
        assert.equal(messageDirection, 'IN');
        await socket.close();
      },
    },
    {
      fact: 'A DISCONNECT event has exactly four headers, and the code and reason of the close',
      source: SOURCES.offline,
      run: async ({ main }) => {
        const [watcher, socket] = [await main.connect(), await main.connect()];
        const { connectionId, domainName } = (await socket.event()).requestContext;
        await socket.close();
        const event = await watcher.disconnectOf(connectionId);
        assert.deepEqual(event.headers, {
          ...{ Host: domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
        });
        assert.deepEqual(event.multiValueHeaders['x-api-key'], ['']);
        const { disconnectStatusCode, disconnectReason, routeKey } = event.requestContext;
        assert.deepEqual(
          [routeKey, disconnectStatusCode, disconnectReason],
          ['$disconnect', 1005, 'Client-side close frame status not set'],
        );
        await watcher.close();
      },
    },
  ],
  others: [
    {
      fact: 'A custom domain is in every event as the domain, with the name of the stage',
      source: 'Developer Guide: custom domain names of WebSocket APIs',
      test: 'test/local/gateway/custom-domains.test.ts',
    },
    {
      fact: 'The client sends the user and password of a URL as the Authorization header',
      source: SOURCES.offline,
      test: 'test/local/gateway/events.test.ts',
    },
    {
      fact: 'If IAM has authorized a client, every event has account, access key, caller, user and userArn',
      source: 'Developer Guide: $context variables; measured by --measure',
      test: 'test/local/gateway/signed-callers.test.ts',
    },
    {
      fact: 'With a multi-level API mapping, all header names are in lower case',
      source: 'Developer Guide: API mappings for WebSocket APIs',
      test: 'test/local/gateway/custom-domains.test.ts',
    },
  ],
};
