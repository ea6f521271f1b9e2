/** How API Gateway selects a route. */
import assert from 'node:assert/strict';
import { type Apis, type Case, type Section, SOURCES } from '../case';

/** The route of a message, from its event. */
function takes(api: keyof Apis, what: string, text: string, routeKey: string, source: string): Case {
  return {
    fact: `${what}: ${text === '' ? 'an empty message' : text} takes ${routeKey}`,
    source,
    ...(api !== 'main' && { apis: [api] }),
    run: async (apis) => {
      const socket = await apis[api].connect();
      socket.send(text);
      assert.equal(JSON.parse(await socket.next()).requestContext.routeKey, routeKey);
      await socket.close();
    },
  };
}

const DEFAULT = '$default';

export const routes: Section = {
  title: 'Routes',
  cases: [
    takes('main', 'A key may have a slash', '{"action":"chat/join"}', 'chat/join', SOURCES.routes),
    takes('main', 'Keys are compared exactly', '{"action":"Chat/Join"}', DEFAULT, SOURCES.routes),
    takes('main', 'Text that is no JSON', 'hello', DEFAULT, SOURCES.routes),
    takes('main', 'JSON without the member', '{"other":1}', DEFAULT, SOURCES.routes),
    takes('main', 'A top-level array', '[1]', DEFAULT, 'inferred'),
    takes('main', 'A top-level text', '"two-way"', DEFAULT, 'inferred'),
    takes('main', 'A number is compared as text', '{"action":7}', '7', SOURCES.selection),
    takes('main', 'A boolean is compared as text', '{"action":true}', 'true', SOURCES.selection),
    takes('nested', 'A nested member', '{"service":{"do":"sing"}}', 'sing', SOURCES.offline),
    takes('nested', 'A nested member that is missing', '{"service":{}}', DEFAULT, SOURCES.offline),
    takes('composite', 'Two variables', '{"a":"x","b":"y"}', 'x-y', SOURCES.selection),
    takes('composite', 'A variable that is missing is empty', '{"a":"x"}', 'x-', SOURCES.selection),
    {
      fact: 'Without a $default route, a message without a matching route gets the Forbidden frame, and the socket stays open',
      source: 'aws-samples/simple-websockets-chat-app #24 and five published frames',
      apis: ['bare'],
      run: async ({ bare }) => {
        const socket = await bare.connect();
        for (const text of ['{"action":"unknown"}', 'no JSON', '[1]', '{"action":5}']) {
          socket.send(text);
          assert.match(
            await socket.next(),
            /^\{"message": "Forbidden", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/,
          );
        }
        assert.equal((await socket.event('known')).requestContext.routeKey, 'known');
        await socket.close();
      },
    },
    {
      fact: 'A message never runs $connect or $disconnect',
      source: 'no public source; measured by --measure',
      run: async ({ main }) => {
        const socket = await main.connect();
        for (const action of ['$connect', '$disconnect']) {
          assert.equal((await socket.event(action)).requestContext.routeKey, DEFAULT);
        }
        await socket.close();
      },
    },
  ],
};
