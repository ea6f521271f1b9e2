/** The measurement for each assumption, as requests to an endpoint. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiName, Apis } from './case';
import type { Answer, Socket } from './client';

export interface Measurement {
  question: string;
  assumed: string;
  apis?: ApiName[];
  /** Takes more than a minute. */
  isLong?: boolean;
  take(apis: Apis): Promise<unknown>;
}

const QUIET_MILLISECONDS = 3_000;
const MINUTE_MILLISECONDS = 60_000;

export const MEASUREMENTS: Measurement[] = [
  {
    question: 'What do status, headers and body of a handshake look like that a function refused?',
    assumed: 'its status, no body',
    take: async ({ main }) =>
      shown(
        await main.refusal({
          script: { returns: { statusCode: 401, body: 'no', headers: { 'X-Mine': 'x' } } },
        }),
      ),
  },
  {
    question: 'What does a handshake to an unknown stage get?',
    assumed: '403 {"message":"Forbidden"}',
    take: async ({ main }) => shown(await main.refusal({ path: '-unknown' })),
  },
  {
    question: 'What does a handshake get whose function takes longer than 29 s?',
    assumed: '504 {"message":"Endpoint request timed out"}',
    isLong: true,
    take: async ({ main }) => shown(await main.handshake({ script: { sleepMilliseconds: 35_000 } })),
  },
  {
    question: 'Does a post to the own connection from within $connect get 410 at once, or hang?',
    assumed: '410 at once',
    take: async ({ main }) => {
      const socket = await main.connect({ script: { postToSelf: 'hello' } });
      const { CONNECT } = await socket.keptEvents();
      await socket.close();
      return CONNECT.posted;
    },
  },
  {
    question:
      'Which frame does a throttled message get, and does the socket stay open? What does a throttled handshake get?',
    assumed:
      'handshake: 429 {"message":"Too Many Requests"}; message: the frame of the same text, and the socket stays open',
    apis: ['throttled'],
    take: async ({ throttled }) => shown(await throttled.refusal()),
  },
  {
    question: 'What does a two-way route send whose result has no body, an empty one, or one in base64?',
    assumed: 'nothing; an empty frame; the decoded text',
    take: async ({ main }) => {
      const results = [
        { statusCode: 200 },
        { statusCode: 200, body: '' },
        { statusCode: 200, body: 'aGVsbG8=', isBase64Encoded: true },
      ];
      return Promise.all(
        results.map((returns) => framesOf(main.connect(), (socket) => socket.run('two-way', { returns }))),
      );
    },
  },
  {
    question: 'What does a two-way route send whose result is 500 with a body?',
    assumed: 'the body',
    take: ({ main }) =>
      framesOf(main.connect(), (socket) =>
        socket.run('two-way', { returns: { statusCode: 500, body: 'no' } }),
      ),
  },
  {
    question: 'Which route do selected values take that are no texts?',
    assumed: 'numbers and booleans as JSON writes them, null as empty, lists as [a, b], objects as JSON',
    take: async ({ main }) => {
      const socket = await main.connect();
      const seen: Record<string, string> = {};
      for (const value of [
        '7',
        '7.0',
        '7e0',
        'true',
        'null',
        '["two-way"]',
        '{"a":1}',
        '"$connect"',
        '"$default"',
      ]) {
        socket.send(`{"action":${value}}`);
        seen[value] = JSON.parse(await socket.next()).requestContext?.routeKey;
      }
      await socket.close();
      return seen;
    },
  },
  {
    question: 'How does a post arrive that is no UTF-8, is empty, or has 100 KB?',
    assumed: 'text with replacement characters; an empty text frame; one message',
    take: async ({ main }) => {
      const socket = await main.connect();
      const { connectionId } = (await socket.event()).requestContext;
      const bytes = [Buffer.from([0x61, 0xff, 0x62]), Buffer.alloc(0), Buffer.alloc(100_000, 'x')];
      const seen = [];
      for (const body of bytes) {
        const answer = await main.post(connectionId, body);
        const frame = await Promise.race([socket.nextFrame(), wait(QUIET_MILLISECONDS, undefined)]);
        seen.push({
          status: answer.status,
          ...(frame && {
            isBinary: frame.isBinary,
            bytes: frame.data.length,
            start: frame.data.toString('hex', 0, 9),
          }),
        });
      }
      await socket.close();
      return seen;
    },
  },
  {
    question: 'What do 413 and 403 of @connections look like?',
    assumed: '{"message":"Payload Too Large"}; {"message":"Forbidden"}',
    take: async ({ main }) => {
      const socket = await main.connect();
      const { connectionId } = (await socket.event()).requestContext;
      const answers = [
        await main.post(connectionId, 'x'.repeat(200_000)),
        await main.unsigned('GET', connectionId),
      ];
      await socket.close();
      return answers.map(shown);
    },
  },
  {
    question: 'Does another stage of the same API know a connection?',
    assumed: '410',
    apis: ['second'],
    take: async ({ main, second }) => {
      const socket = await main.connect();
      const { connectionId } = (await socket.event()).requestContext;
      const answer = await second.post(connectionId, 'x');
      await socket.close();
      return shown(answer);
    },
  },
  {
    question:
      'How are closes told that a client made with 4000 "mine", and by a binary frame, an oversized frame, a cut line?',
    assumed: '4000 "mine"; 1003, 1009 and 1006 with an empty reason',
    take: async ({ main }) => {
      const watcher = await main.connect();
      const ends: Record<string, (socket: Socket) => void> = {
        own: (socket) => socket.raw.close(4000, 'mine'),
        binary: (socket) => socket.send(Buffer.from([1])),
        large: (socket) => socket.send('x'.repeat(40_000)),
        cut: (socket) => socket.raw.terminate(),
      };
      const seen: Record<string, unknown> = {};
      for (const [name, end] of Object.entries(ends)) {
        const socket = await main.connect();
        const { connectionId } = (await socket.event()).requestContext;
        end(socket);
        const client = await socket.ended();
        const { requestContext } = await watcher.disconnectOf(connectionId);
        const { disconnectStatusCode, disconnectReason } = requestContext;
        seen[name] = { client, disconnectStatusCode, disconnectReason };
      }
      await watcher.close();
      return seen;
    },
  },
  {
    question: 'How long until a ping has its pong?',
    assumed: 'every ping is answered',
    take: async ({ main }) => {
      const socket = await main.connect();
      const sentAt = Date.now();
      const pong = once(socket.raw, 'pong').then(() => Date.now() - sentAt);
      socket.raw.ping('x');
      const seen = await Promise.race([pong, wait(QUIET_MILLISECONDS, 'no pong')]);
      await socket.close();
      return seen;
    },
  },
  {
    question:
      'Do pings keep a connection open for longer than ten minutes, and after how many seconds does an idle one end?',
    assumed: 'no; 600',
    isLong: true,
    take: async ({ main }) => {
      const [idle, pinging] = [await main.connect(), await main.connect()];
      const openedAt = Date.now();
      const pings = setInterval(() => pinging.raw.ping(), MINUTE_MILLISECONDS);
      const endOf = (socket: Socket) =>
        Promise.race([
          once(socket.raw, 'close').then(([code, reason]) => ({
            ...{ seconds: (Date.now() - openedAt) / 1_000, code, reason: String(reason) },
          })),
          wait(12 * MINUTE_MILLISECONDS, 'open after 12 minutes'),
        ]);
      const [idleEnd, pingingEnd] = await Promise.all([endOf(idle), endOf(pinging)]);
      clearInterval(pings);
      pinging.raw.terminate();
      return { idle: idleEnd, pinging: pingingEnd };
    },
  },
];

function shown({ status, headers, body }: Answer): unknown {
  return { status, headers, body };
}

/** What arrives within a few seconds after a new socket has done something. */
async function framesOf(connecting: Promise<Socket>, act: (socket: Socket) => void): Promise<string[]> {
  const socket = await connecting;
  const frames: string[] = [];
  act(socket);
  const end = wait(QUIET_MILLISECONDS, undefined);
  for (;;) {
    const frame = await Promise.race([socket.nextFrame(), end]);
    if (frame === undefined) break;
    frames.push(String(frame.data));
  }
  await socket.close();
  return frames;
}
