/** Frames, limits and the end of a connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Section, SOURCES } from '../case';

const FRAME_BYTES = 32 * 1024;

export const closing: Section = {
  title: 'Frames, limits, ends',
  cases: [
    {
      fact: 'A binary frame closes the socket with 1003',
      source: SOURCES.overview,
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.send(Buffer.from([1, 2, 3]));
        assert.equal((await socket.ended()).code, 1003);
      },
    },
    {
      fact: 'A frame of 32 KB is accepted, and one byte more closes the socket with 1009',
      source: SOURCES.quotas,
      run: async ({ main }) => {
        const socket = await main.connect();
        socket.send('x'.repeat(FRAME_BYTES));
        assert.equal(JSON.parse(await socket.next()).body.length, FRAME_BYTES);
        socket.send('x'.repeat(FRAME_BYTES + 1));
        assert.equal((await socket.ended()).code, 1009);
      },
    },
    {
      fact: 'A message of 128 KB in frames of 32 KB is accepted',
      source: SOURCES.quotas,
      run: async ({ main }) => {
        const socket = await main.connect();
        const text = JSON.stringify({
          action: 'two-way',
          script: { returns: { statusCode: 200, body: 'taken' } },
        });
        const bytes = Buffer.from(text.padEnd(4 * FRAME_BYTES));
        for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
          const fin = at + FRAME_BYTES >= bytes.length;
          socket.raw.send(bytes.subarray(at, at + FRAME_BYTES), { fin, binary: false });
        }
        assert.equal(await socket.next(), 'taken');
        await socket.close();
      },
    },
    {
      fact: 'A ping is answered with a pong',
      source: 'clients that depend on it; measured by --measure',
      run: async ({ main }) => {
        const socket = await main.connect();
        const pong = once(socket.raw, 'pong');
        socket.raw.ping('hello');
        assert.equal(String((await pong)[0]), 'hello');
        await socket.close();
      },
    },
    {
      fact: 'DELETE closes the socket with 1000 "Connection Closed Normally", and $disconnect gets the same',
      source: 'boto3 #3789, chalice #2060, two published transcripts',
      run: async ({ main }) => {
        const [watcher, socket] = [await main.connect(), await main.connect()];
        const { connectionId } = (await socket.event()).requestContext;
        assert.equal((await main.delete(connectionId)).status, 204);
        assert.deepEqual(await socket.ended(), { code: 1000, reason: 'Connection Closed Normally' });
        const { requestContext } = await watcher.disconnectOf(connectionId);
        assert.deepEqual(
          [requestContext.disconnectStatusCode, requestContext.disconnectReason],
          [1000, 'Connection Closed Normally'],
        );
        await watcher.close();
      },
    },
    {
      fact: 'The code and reason of a client’s close are in the DISCONNECT event',
      source: 'inferred from the event of a tab that was closed',
      run: async ({ main }) => {
        const [watcher, socket] = [await main.connect(), await main.connect()];
        const { connectionId } = (await socket.event()).requestContext;
        await socket.close(1001, '');
        const { requestContext } = await watcher.disconnectOf(connectionId);
        assert.deepEqual([requestContext.disconnectStatusCode, requestContext.disconnectReason], [1001, '']);
        await watcher.close();
      },
    },
  ],
  others: [
    {
      fact: 'A connection without a message for ten minutes is closed with 1001 "Going away"',
      source: 'a published transcript',
      test: 'test/local/gateway/closing.test.ts',
    },
    {
      fact: 'A connection is closed after two hours, even if it is active',
      source: SOURCES.quotas,
      test: 'test/local/gateway/closing.test.ts',
    },
    {
      fact: 'A post counts as activity',
      source: 'hotsock.io, "Keep Alive"',
      test: 'test/local/gateway/management-api.test.ts',
    },
    {
      fact: 'The gateway sends no pings, and pings of a client reach no function',
      source: 'subscriptionless #3, compiler-explorer/infra #2229',
      test: 'test/local/gateway/closing.test.ts',
    },
    {
      fact: 'A close without a code is reported with 1005 "Client-side close frame status not set"',
      source: SOURCES.samples,
      test: 'test/local/gateway/closing.test.ts',
    },
    {
      fact: 'A connection whose TCP line breaks is reported with 1006',
      source: SOURCES.overview,
      test: 'test/local/gateway/closing.test.ts',
    },
  ],
};
