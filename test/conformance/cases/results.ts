/** What becomes of a function's result. */
import assert from 'node:assert/strict';
import { type Case, type Section, SOURCES } from '../case';

const frame = (message: string) =>
  new RegExp(`^\\{"message": "${message}", "connectionId":"[\\w-]{15}=", "requestId":"[\\w-]{15}="\\}$`);

/** A message whose handling fails, by a script. */
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
      fact: 'The body of a two-way route is sent as it is, as a text frame',
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
      fact: 'A MOCK integration answers without a function, by its response template',
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
      fact: 'A message that its route’s model refuses is answered with the "Bad request body" frame',
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
};
