/** The handshake, before a connection is open. */
import assert from 'node:assert/strict';
import { type Case, type Section, SOURCES } from '../case';

export const handshake: Section = {
  title: 'Handshake',
  cases: [
    {
      fact: 'A function that returns 200 opens the socket',
      source: SOURCES.wscat,
      run: async ({ main }) => {
        await (await main.connect({ script: { returns: { statusCode: 200 } } })).close();
      },
    },
    ...[201, 204].map(
      (statusCode): Case => ({
        fact: `A function that returns ${statusCode} opens the socket`,
        source: SOURCES.wscat,
        run: async ({ main }) => {
          await (await main.connect({ script: { returns: { statusCode } } })).close();
        },
      }),
    ),
    ...[301, 400, 401, 403, 500, 501, 502].map(
      (statusCode): Case => ({
        fact: `A function that returns ${statusCode} refuses the handshake with that status`,
        source: SOURCES.wscat,
        run: async ({ main }) => {
          assert.equal((await main.refusal({ script: { returns: { statusCode } } })).status, statusCode);
        },
      }),
    ),
    {
      fact: 'A function that throws refuses the handshake with 502',
      source: SOURCES.offline,
      run: async ({ main }) => {
        assert.equal((await main.refusal({ script: { throws: 'no' } })).status, 502);
      },
    },
    {
      fact: 'A function that returns nothing refuses the handshake with 502',
      source: SOURCES.offline,
      run: async ({ main }) => {
        assert.equal((await main.refusal({ script: { returnsNothing: true } })).status, 502);
      },
    },
    {
      fact: 'A result without a statusCode refuses the handshake with 502',
      source: 'inferred from the documentation of proxy results',
      run: async ({ main }) => {
        assert.equal((await main.refusal({ script: { returns: { body: 'x' } } })).status, 502);
      },
    },
    {
      fact: 'Without a $connect route every handshake succeeds',
      source: SOURCES.connect,
      apis: ['bare'],
      run: async ({ bare }) => {
        await (await bare.connect()).close();
      },
    },
    {
      fact: 'A slash after the stage makes no difference',
      source: 'Developer Guide: connecting with wscat',
      run: async ({ main }) => {
        await (await main.connect({ path: '/' })).close();
      },
    },
    {
      fact: 'A path after the stage is refused with 403',
      source: 'two published reports',
      run: async ({ main }) => {
        assert.equal((await main.refusal({ path: '/hello' })).status, 403);
      },
    },
    {
      fact: 'A stage that the API does not have is refused with 403',
      source: 'inferred from management calls without a stage: aws-sdk-js-v3 #1830, aws-sdk-php #2379',
      run: async ({ main }) => {
        assert.equal((await main.refusal({ stage: 'nowhere' })).status, 403);
      },
    },
    {
      fact: 'A GET without an upgrade gets 426, even with a path after the stage',
      source: SOURCES.offline,
      run: async ({ main }) => {
        assert.equal((await main.get('/123')).status, 426);
        assert.equal((await main.get('/123/456')).status, 426);
      },
    },
    {
      fact: 'The subprotocol of the 101 is the one that the function returned',
      source: SOURCES.subprotocols,
      run: async ({ main }) => {
        const returns = { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'b' } };
        const socket = await main.connect({ protocols: ['a', 'b'], script: { returns } });
        assert.equal(socket.protocol, 'b');
        await socket.close();
      },
    },
    {
      fact: 'No subprotocol is chosen unless the function returns one',
      source: 'aws-lambda-graphql #84, serverless-offline #1176',
      run: async ({ main }) => {
        const { status, headers } = await main.handshake({ headers: { 'Sec-WebSocket-Protocol': 'a, b' } });
        assert.equal(status, 101);
        assert.equal(headers['sec-websocket-protocol'], undefined);
      },
    },
    {
      fact: 'No other header of the result reaches the 101',
      source: 'chalice #1768',
      run: async ({ main }) => {
        const returns = { statusCode: 200, headers: { 'X-Mine': 'x', 'Set-Cookie': 'a=b' }, body: 'hello' };
        const { status, headers } = await main.handshake({ script: { returns } });
        assert.equal(status, 101);
        assert.deepEqual([headers['x-mine'], headers['set-cookie']], [undefined, undefined]);
      },
    },
    {
      fact: 'The Origin header is not checked',
      source: SOURCES.samples,
      run: async ({ main }) => {
        const socket = await main.connect({ headers: { Origin: 'https://anywhere.example' } });
        const { CONNECT } = await socket.keptEvents();
        assert.equal(CONNECT.headers.Origin, 'https://anywhere.example');
        await socket.close();
      },
    },
    {
      fact: 'A post to the connection from within $connect gets 410',
      source: 're:Post: 410 GoneException',
      run: async ({ main }) => {
        const socket = await main.connect({ script: { postToSelf: 'hello' } });
        const { CONNECT } = await socket.keptEvents();
        assert.equal(CONNECT.posted, 'GoneException 410');
        await socket.close();
      },
    },
  ],
  others: [
    {
      fact: 'After a refused handshake, no $disconnect runs',
      source: SOURCES.connect,
      test: 'test/local/gateway/handshake.test.ts',
    },
    {
      fact: 'A $connect function that takes longer than the integration may refuses the handshake with 504',
      source: 'inferred from the frame of a message that takes too long',
      test: 'test/local/gateway/handshake.test.ts',
    },
    {
      fact: 'A client that leaves before $connect has answered gets no $disconnect',
      source: 'no public source',
      test: 'test/local/gateway/handshake.test.ts',
    },
    {
      fact: 'A URL of more than 4,096 characters is refused',
      source: SOURCES.quotas,
      test: 'test/local/gateway/handshake.test.ts',
    },
    {
      fact: 'An API whose execute-api endpoint is disabled can be reached only by its custom domain',
      source: 'Developer Guide: disabling the default endpoint of WebSocket APIs',
      test: 'test/local/gateway/custom-domains.test.ts',
    },
    {
      fact: 'The mapping keys ping and sping of a custom domain are health checks',
      source: 'Developer Guide: known issues',
      test: 'test/local/assembly/apis/custom-domains.test.ts',
    },
    {
      fact: 'A stage without a deployment serves nothing',
      source: 'Developer Guide: deployments of WebSocket APIs',
      test: 'test/local/assembly/read-assembly.test.ts',
    },
    {
      fact: 'A new deployment keeps the connections open, and applies to their next message',
      source: 'chalice, tests that run on AWS',
      test: 'test/local/gateway/redeployment.test.ts',
    },
    {
      fact: 'The status of an HTTP backend answers the handshake; Sec-WebSocket-Version is forwarded unless a parameter overrides it',
      source: 'a blog and a question on Stack Overflow',
      test: 'test/local/gateway/integrations/http-integration.test.ts',
    },
    {
      fact: 'A MOCK integration on $connect needs a status from its template and an integration response',
      source: SOURCES.connect,
      test: 'test/local/gateway/integrations/mock-integration.test.ts',
    },
    {
      fact: 'Only wss is served, with TLS 1.2 or 1.3',
      source: SOURCES.overview,
      why: 'The local gateway serves ws: it has no certificate that a client would trust.',
    },
    {
      fact: 'permessage-deflate is negotiated',
      source: 'python-websockets #1065',
      why: 'Left out on purpose: AWS answers some offers with a setting that breaks clients (see COMPRESSION in local/gateway/assumptions.ts).',
    },
  ],
};
