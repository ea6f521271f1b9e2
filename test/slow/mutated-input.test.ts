/**
 * Half a million mutated WebSocket frames and fifty thousand mutated HTTP requests against a running runtime, while
 * other clients continue to work. `MUTATION_SEED=7 npx jest --selectProjects slow test/slow/mutated-input` uses other
 * mutations.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import WebSocket from 'ws';
import { chatTemplate, type Template, writeAssembly } from '../local/assembly/written-assembly';
import { KEY } from '../local/gateway/raw-client';
import type { HostCall, HostSettings, HostState } from './mutation-host';
import { Mutations } from './mutations';

const SEED = Number(process.env.MUTATION_SEED ?? 1);
const FRAMES = Number(process.env.MUTATED_FRAMES ?? 500_000);
const REQUESTS = Number(process.env.MUTATED_REQUESTS ?? 50_000);
const FRAMES_A_CONNECTION = 40;
/** The first invalid request ends its connection. */
const REQUESTS_A_CONNECTION = 2;
const SIDE_BY_SIDE = 50;
/** A client without a response by then ends its side, and the connection must end soon. */
const PATIENCE_MILLIS = 50;
const END_MILLIS = 20_000;
const MOST_HEAP_GROWTH_MEGABYTES = 15;
const MOST_GROWTH_MEGABYTES = 150;
const MOST_NEW_DESCRIPTORS = 10;

jest.setTimeout(300_000);

describe(`Mutated input, seed ${SEED}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'mutated-'));
  const bucketDirectory = join(home, 'outer', 'bucket');
  const webDirectory = join(home, 'web');
  let host: ChildProcess;
  let port: number;
  let hostExit: string | undefined;
  /** Warnings of Node.js go there, for example about files that were not closed. */
  let complaints = '';

  beforeAll(async () => {
    mkdirSync(bucketDirectory, { recursive: true });
    mkdirSync(webDirectory);
    writeFileSync(join(webDirectory, 'index.html'), '<h1>page</h1>');
    const settings: HostSettings = { assembly: writeApp(), webDirectory, bucketDirectory };
    host = fork(join(__dirname, 'mutation-host.ts'), [JSON.stringify(settings)], {
      // Few arenas, because memory of ended threads in their arenas would count as the runtime's.
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
      execArgv: ['--expose-gc', '--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    host.stderr?.on('data', (text) => {
      complaints += text;
    });
    host.on('exit', (code, signal) => {
      hostExit = `${code} ${signal}`;
    });
    port = (await answerOf('ready')) as number;
  });
  afterAll(() => {
    host.kill('SIGKILL');
    rmSync(home, { recursive: true });
  });

  async function answerOf(call: string): Promise<unknown> {
    for (;;) {
      const [message] = (await Promise.race([
        once(host, 'message'),
        once(host, 'exit').then(() => {
          throw new Error(`The runtime ended before it answered ${call}.`);
        }),
      ])) as [{ call: string; result: unknown }];
      if (message.call === call) return message.result;
    }
  }

  function call(name: HostCall): Promise<unknown> {
    const answer = answerOf(name);
    host.send(name);
    return answer;
  }

  const state = () => call('state') as Promise<HostState>;

  /**
   * Runs `attack` while other clients echo and write. Returns their results, and the state of the runtime before and
   * after.
   */
  async function under(attack: () => Promise<void>) {
    const work = new HonestWork(port);
    await work.once();
    const before = await state();
    const working = work.run();
    const began = performance.now();
    await attack();
    const seconds = (performance.now() - began) / 1_000;
    work.stop();
    const { echoes, writes, slowestMillis } = await working;
    let after = await state();
    // Kept connections and threads that have just ended.
    for (let tries = 0; tries < 10 && grown(before, after) > MOST_NEW_DESCRIPTORS; tries++) {
      await wait(1_000);
      after = await state();
    }
    return { before, after, echoes, writes, slowestMillis, seconds };
  }

  function report(what: string, result: Awaited<ReturnType<typeof under>>): void {
    const { before, after, seconds, echoes, writes, slowestMillis } = result;
    const figures = ({ residentMegabytes, heapMegabytes, descriptors }: HostState) =>
      `${residentMegabytes.toFixed(0)} MB (heap ${heapMegabytes.toFixed(1)}), ${descriptors} descriptors`;
    process.stdout.write(
      `${what}, seed ${SEED}, in ${seconds.toFixed(0)} s. Before: ${figures(before)}. After: ${figures(after)}. ` +
        `Beside it ${echoes} echoes and ${writes} writes, the slowest in ${slowestMillis.toFixed(0)} ms.\n`,
    );
  }

  /** What every attack must leave behind. */
  function expectUnharmed({ before, after, echoes, writes }: Awaited<ReturnType<typeof under>>): void {
    expect(hostExit).toBeUndefined();
    expect(after.errors).toEqual([]);
    expect(complaints).toBe('');
    expect(echoes).toBeGreaterThan(0);
    expect(writes).toBeGreaterThan(0);
    expect(after.heapMegabytes - before.heapMegabytes).toBeLessThan(MOST_HEAP_GROWTH_MEGABYTES);
    expect(after.residentMegabytes - before.residentMegabytes).toBeLessThan(MOST_GROWTH_MEGABYTES);
    expect(grown(before, after)).toBeLessThanOrEqual(MOST_NEW_DESCRIPTORS);
  }

  it(`${FRAMES} frames harm nobody`, async () => {
    const mutations = new Mutations(SEED, 'frames');
    let left = FRAMES;
    const result = await under(() =>
      sideBySide(async () => {
        if (left <= 0) return false;
        const count = Math.min(FRAMES_A_CONNECTION, left);
        left -= count;
        const frames = Array.from({ length: count }, () => mutations.frame());
        await converse(port, Buffer.concat([HANDSHAKE, ...frames]));
        return true;
      }),
    );
    report(`${FRAMES} mutated frames`, result);
    expectUnharmed(result);
    // Otherwise the mutations were so strong that none got through.
    const messages = result.after.invocations - result.before.invocations - result.echoes;
    expect(messages).toBeGreaterThan(FRAMES / 20);
  });

  it(`${REQUESTS} requests harm nobody`, async () => {
    const mutations = new Mutations(SEED, 'requests');
    const statuses = new Map<string, number>();
    let left = REQUESTS;
    const result = await under(() =>
      sideBySide(async () => {
        if (left <= 0) return false;
        const count = Math.min(REQUESTS_A_CONNECTION, left);
        left -= count;
        const requests = Array.from({ length: count }, () => mutations.request(TEMPLATES));
        const answers = await converse(port, Buffer.concat(requests));
        for (const [, status = ''] of answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
        return true;
      }),
    );
    report(`${REQUESTS} mutated requests`, result);
    process.stdout.write(
      `Answers: ${[...statuses]
        .sort()
        .map((pair) => pair.join(': '))
        .join(', ')}\n`,
    );
    expectUnharmed(result);
    expect([...statuses.keys()]).toEqual(expect.arrayContaining(['101', '200', '400', '403', '404', '431']));
    expect(readdirSync(home).sort()).toEqual(['outer', 'web']);
    expect(readdirSync(join(home, 'outer'))).toEqual(['bucket']);
    expect(readdirSync(webDirectory)).toEqual(['index.html']);
  });

  it('leaves a runtime that stops normally', async () => {
    const exited = once(host, 'exit');
    await call('stop');
    expect(await exited).toEqual([0, null]);
  });
});

function grown(before: HostState, after: HostState): number {
  return (after.descriptors ?? 0) - (before.descriptors ?? 0);
}

/** Clients that are not involved in the attack. */
class HonestWork {
  readonly #port: number;
  readonly #table: DynamoDBClient;
  #isStopped = false;

  constructor(port: number) {
    this.#port = port;
    this.#table = new DynamoDBClient({
      endpoint: `http://localhost:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  }

  /** Warms everything up. */
  async once(): Promise<void> {
    const running = this.run();
    await wait(1_000);
    this.stop();
    await running;
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Rejects if any of the work fails. */
  async run(): Promise<{ echoes: number; writes: number; slowestMillis: number }> {
    const slowest: number[] = [];
    const [echoes, writes] = await Promise.all([this.#echo(slowest), this.#write(slowest)]);
    this.#table.destroy();
    return { echoes, writes, slowestMillis: Math.max(...slowest) };
  }

  async #echo(slowest: number[]): Promise<number> {
    const socket = new WebSocket(`ws://localhost:${this.#port}/chat`);
    await once(socket, 'open');
    let count = 0;
    for (; !this.#isStopped; count++) {
      const began = performance.now();
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(END_MILLIS) });
      socket.send(`honest ${count}`);
      const [answer] = await answered;
      if (String(answer) !== `honest ${count}`) throw new Error(`The echo of ${count} is ${answer}.`);
      slowest[0] = Math.max(slowest[0] ?? 0, performance.now() - began);
      await wait(5);
    }
    socket.close();
    await once(socket, 'close');
    return count;
  }

  async #write(slowest: number[]): Promise<number> {
    let count = 0;
    for (; !this.#isStopped; count++) {
      const began = performance.now();
      const pk = { S: `honest ${count % 100}` };
      const text = { S: String(count) };
      await this.#table.send(new PutItemCommand({ TableName: 'rows', Item: { pk, text } }));
      const read = new GetItemCommand({ TableName: 'rows', Key: { pk }, ConsistentRead: true });
      const { Item: item } = await this.#table.send(read);
      if (item?.text?.S !== text.S) throw new Error(`Row ${count} is ${JSON.stringify(item)}.`);
      slowest[1] = Math.max(slowest[1] ?? 0, performance.now() - began);
      await wait(5);
    }
    return count;
  }
}

/** Runs until each of them has returned false. */
async function sideBySide(step: () => Promise<boolean>): Promise<void> {
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      while (await step());
    }),
  );
}

/** Sends the bytes, reads the response, and leaves. Rejects if the connection does not end. */
async function converse(port: number, bytes: Buffer): Promise<string> {
  let received = '';
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  let alarm: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    alarm = setTimeout(() => reject(new Error('A connection did not end.')), END_MILLIS);
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.write(bytes);
    const patience = setTimeout(() => socket.end(), PATIENCE_MILLIS);
    let seen = 0;
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      // The response to a handshake is not yet a response to the frames.
      if (++seen === 2) {
        clearTimeout(patience);
        socket.end();
      }
    });
  }).finally(() => {
    clearTimeout(alarm);
    socket.destroy();
  });
  return received;
}

const HANDSHAKE = Buffer.from(
  `GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
);

const TEMPLATES = [
  request('GET', '/'),
  request('GET', '/@dev/reload.mjs'),
  request('GET', '/index.html?x=1', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' }),
  request('GET', '/chat'),
  request('POST', '/chat/@connections/eHrdFcnvvHcCE-w=', signed('execute-api'), 'hello'),
  request('DELETE', '/chat/@connections/eHrdFcnvvHcCE-w%3D', signed('execute-api')),
  request('POST', '/', { ...signed('cloudformation') }, 'Action=DescribeStacks&StackName=Main'),
  request('POST', '/2015-03-31/functions/none/invocations', signed('lambda'), '{"a":[1,2,{"b":null}]}'),
  request('PUT', '/files/a.txt', signed('s3'), 'content'),
  request('GET', '/files/a.txt', { ...signed('s3'), range: 'bytes=0-3', 'if-none-match': '"x"' }),
  request('GET', '/files?list-type=2&prefix=a&delimiter=%2F&max-keys=5', signed('s3')),
  request('POST', '/files/a.txt?uploads', signed('s3')),
  request(
    'POST',
    '/files/a.txt?uploadId=x',
    signed('s3'),
    '<CompleteMultipartUpload><Part></Part></CompleteMultipartUpload>',
  ),
  request(
    'PUT',
    '/files/b.txt',
    {
      ...signed('s3'),
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '7',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    },
    '7\r\ncontent\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n',
  ),
  request(
    'POST',
    '/',
    { ...signed('dynamodb'), ...target('PutItem') },
    '{"TableName":"rows","Item":{"pk":{"S":"mutated"},"n":{"N":"1"}}}',
  ),
  request(
    'POST',
    '/',
    { ...signed('dynamodb'), ...target('Query') },
    '{"TableName":"rows","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{":pk":{"S":"mutated"}}}',
  ),
  request('GET', '/', {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQ',
  }),
  HANDSHAKE,
];

function request(method: string, path: string, headers: Record<string, string> = {}, body = ''): Buffer {
  const all = { host: 'localhost', ...(body && { 'content-length': String(body.length) }), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

function signed(service: string): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
    'x-amz-date': '20260101T000000Z',
  };
}

function target(operation: string): Record<string, string> {
  return { 'x-amz-target': `DynamoDB_20120810.${operation}`, 'content-type': 'application/x-amz-json-1.0' };
}

/** An API whose only route echoes, a table and a bucket. */
function writeApp(): string {
  const { Resources } = chatTemplate();
  Object.assign(Resources.Route?.Properties ?? {}, { RouteResponseSelectionExpression: '$default' });
  const template: Template = {
    Resources: {
      ...Resources,
      RouteResponse: {
        Type: 'AWS::ApiGatewayV2::RouteResponse',
        Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'Route' }, RouteResponseKey: '$default' },
      },
      Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } },
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'rows',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        },
      },
    },
  };
  const directory = writeAssembly({ Main: template });
  writeFileSync(
    join(directory, 'asset.code', 'index.js'),
    'exports.handler = async ({ body }) => ({ statusCode: 200, body });',
  );
  return directory;
}
