/** The @connections API. */
import assert from 'node:assert/strict';
import { type Apis, type Section, SOURCES } from '../case';
import type { Answer } from '../client';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A well-formed id of no connection. */
const NOBODY = 'AAAAAAAAAAAAAAA=';

async function connected({ main }: Apis) {
  const socket = await main.connect();
  const { connectionId } = (await socket.event()).requestContext as { connectionId: string };
  return { socket, connectionId, main };
}

function assertIds({ headers }: Answer): void {
  assert.match(String(headers['x-amzn-requestid']), UUID);
  assert.match(String(headers['x-amz-apigw-id']), /^[\w-]{15}=$/);
}

export const management: Section = {
  title: '@connections',
  cases: [
    {
      fact: 'A post arrives as a text frame, and is answered with 200, no body and the ids of the request',
      source: SOURCES.recorded,
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        const answer = await main.post(connectionId, 'héllo');
        assert.deepEqual([answer.status, answer.body, answer.headers['content-length']], [200, '', '0']);
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.match(String(answer.headers['x-amzn-trace-id']), /^Root=1-/);
        assertIds(answer);
        const { data, isBinary } = await socket.nextFrame();
        assert.deepEqual([String(data), isBinary], ['héllo', false]);
        await socket.close();
      },
    },
    {
      fact: 'GET answers with pretty-printed JSON: identity, connectedAt, lastActiveAt',
      source: SOURCES.recorded,
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        const answer = await main.status(connectionId);
        assert.equal(answer.status, 200);
        assertIds(answer);
        const time = '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z';
        assert.match(
          answer.body,
          new RegExp(
            `^\\{\\n {2}"identity" : \\{\\n {4}"sourceIp" : "[^"]+",\\n {4}"userAgent" : null\\n {2}\\},\\n {2}"connectedAt" : "${time}",\\n {2}"lastActiveAt" : "${time}"\\n\\}$`,
          ),
        );
        await socket.close();
      },
    },
    {
      fact: 'lastActiveAt moves with a post',
      source: SOURCES.recorded,
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        await main.post(connectionId, 'hello');
        const { connectedAt, lastActiveAt } = JSON.parse((await main.status(connectionId)).body);
        assert.ok(lastActiveAt > connectedAt);
        await socket.close();
      },
    },
    {
      fact: 'DELETE answers with 204 and no content type; the next one with 410',
      source: SOURCES.recorded,
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        const answer = await main.delete(connectionId);
        assert.deepEqual([answer.status, answer.body, answer.headers['content-type']], [204, '', undefined]);
        assertIds(answer);
        assert.equal((await main.delete(connectionId)).status, 410);
        await socket.ended();
      },
    },
    {
      fact: 'A connection that was closed is answered with 410 GoneException and an empty body',
      source: SOURCES.recorded,
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        const watcher = await main.connect();
        await socket.close();
        await watcher.disconnectOf(connectionId);
        for (const answer of [await main.post(connectionId, 'x'), await main.status(connectionId)]) {
          assert.deepEqual(
            [answer.status, answer.headers['x-amzn-errortype'], answer.body],
            [410, 'GoneException', ''],
          );
        }
        await watcher.close();
      },
    },
    {
      fact: 'A well-formed id that never existed is answered with 410',
      source: 'localstack #4694',
      run: async ({ main }) => {
        assert.equal((await main.post(NOBODY, 'x')).status, 410);
      },
    },
    {
      fact: 'An invalid id is answered with 400 BadRequestException, which contains the id',
      source: SOURCES.recorded,
      run: async ({ main }) => {
        const answer = await main.post('no-id', 'x');
        assert.deepEqual(
          [answer.status, answer.headers['x-amzn-errortype'], answer.body],
          [400, 'BadRequestException', '{"message":"Invalid connectionId: no-id"}'],
        );
      },
    },
    {
      fact: 'A request without the stage is answered with 403 ForbiddenException',
      source: 'aws-sdk-js-v3 #1830, #2001; aws-sdk-php #2379',
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        const answer = await main.signedGet(`/%40connections/${encodeURIComponent(connectionId)}`);
        assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}']);
        await socket.close();
      },
    },
    {
      fact: 'A request without a signature is answered with 403',
      source: 'inferred from REST APIs',
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        assert.equal((await main.unsigned('GET', connectionId)).status, 403);
        await socket.close();
      },
    },
    {
      fact: 'Another stage of the API does not know the connection: 410',
      source: 'no public source; measured by --measure',
      apis: ['second'],
      run: async (apis) => {
        const { socket, connectionId } = await connected(apis);
        assert.equal((await apis.second.post(connectionId, 'x')).status, 410);
        await socket.close();
      },
    },
    {
      fact: 'Another API does not know the connection: 410',
      source: 'inferred',
      apis: ['nested'],
      run: async (apis) => {
        const { socket, connectionId } = await connected(apis);
        assert.equal((await apis.nested.post(connectionId, 'x')).status, 410);
        await socket.close();
      },
    },
    {
      fact: 'A post of 128 KB arrives as one message; one byte more is answered with 413 PayloadTooLargeException',
      source: 'the SDK’s model; gchq/sleeper #5755',
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        assert.equal((await main.post(connectionId, 'x'.repeat(131_072))).status, 200);
        assert.equal((await socket.next()).length, 131_072);
        const answer = await main.post(connectionId, 'x'.repeat(131_073));
        assert.deepEqual(
          [answer.status, answer.headers['x-amzn-errortype']],
          [413, 'PayloadTooLargeException'],
        );
        await socket.close();
      },
    },
    {
      fact: 'Posts that are awaited one after the other arrive in order',
      source: 'inferred; one process, one connection',
      run: async (apis) => {
        const { socket, connectionId, main } = await connected(apis);
        for (let count = 0; count < 20; count += 1) await main.post(connectionId, String(count));
        for (let count = 0; count < 20; count += 1) assert.equal(await socket.next(), String(count));
        await socket.close();
      },
    },
  ],
  others: [
    {
      fact: '@ and = may be percent-encoded in the path, or not',
      source: 'Developer Guide: @connections; serverless-offline, tests that were run on AWS',
      test: 'test/local/gateway/management-api.test.ts',
    },
    {
      fact: 'With a custom domain, the path has the mapping key instead of the stage',
      source: 'serverless-websockets-plugin #6',
      test: 'test/local/gateway/custom-domains.test.ts',
    },
    {
      fact: 'A connection may be closed from its own route',
      source: 'inferred',
      test: 'test/local/gateway/management-api.test.ts',
    },
    {
      fact: 'Posts to a client that has vanished get 200 until the gateway notices',
      source: 'simple-websockets-chat-app #44',
      test: 'test/local/gateway/faults.test.ts',
    },
    {
      fact: 'Posts to a client that does not read fail with 429 LimitExceededException',
      source: 'the SDK’s model',
      test: 'test/local/gateway/management-api.test.ts',
    },
  ],
};
