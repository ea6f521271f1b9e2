/**
 * Compares the speed of the runtime's DynamoDB with dynalite. Each runs in a process of its own, and they take turns
 * with prepared requests. dynalite requires a signature but does not verify it, so this comparison runs the runtime's
 * DynamoDB in the same way. A separate section measures what signatures and policies add.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Row } from '../page';
import { RawConnection } from '../raw-connection';
import type { Started } from '../tables-server';

const WARM_UP_ROUNDS = 2;
const ROUNDS = 9;
const REQUESTS = 2_000;
const CONNECTIONS = 16;
const TABLE = 'Bench';
const { sha256 } = new DynamoDBClient({ region: 'us-east-1' }).config;

interface Call {
  operation: string;
  body: object;
}

const key = (n: number) => ({ pk: { S: `p${n % 50}` }, sk: { S: `s${n}` } });

const CALLS: Record<string, (n: number) => Call> = {
  put: (n) => ({
    operation: 'PutItem',
    body: { TableName: TABLE, Item: { ...key(n), data: { S: 'x'.repeat(200) } } },
  }),
  get: (n) => ({ operation: 'GetItem', body: { TableName: TABLE, Key: key(n), ConsistentRead: true } }),
  update: (n) => ({
    operation: 'UpdateItem',
    body: {
      TableName: TABLE,
      Key: key(n),
      UpdateExpression: 'SET #c = if_not_exists(#c, :zero) + :one',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#c': 'count' },
      ExpressionAttributeValues: { ':zero': { N: '0' }, ':one': { N: '1' } },
    },
  }),
  query: (n) => ({
    operation: 'Query',
    body: {
      TableName: TABLE,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :s)',
      ExpressionAttributeValues: { ':pk': { S: `p${n % 50}` }, ':s': { S: 's' } },
      Limit: 20,
    },
  }),
};

/** The measured server, and the baseline. */
interface Pair {
  ours: 'ours' | 'iam';
  baseline: 'dynalite' | 'ours';
}

export async function measureTables(root: string, pair: Pair): Promise<Row[]> {
  const sides = { ours: await Side.start(pair.ours, root), baseline: await Side.start(pair.baseline, root) };
  try {
    const rows: Row[] = [];
    for (const [what, callFor] of Object.entries(CALLS))
      rows.push(...(await measureCall(what, callFor, sides)));
    return rows;
  } finally {
    sides.ours.stop();
    sides.baseline.stop();
  }
}

type Sides = Record<'ours' | 'baseline', Side>;

async function measureCall(what: string, callFor: (n: number) => Call, sides: Sides): Promise<Row[]> {
  const rate: Row = { what, unit: 'requests/s', ours: [], baseline: [], better: 'higher' };
  const time: Row = { what, unit: '\u00b5s of the server', ours: [], baseline: [], better: 'lower' };
  const calls = Array.from({ length: REQUESTS }, (_, n) => callFor(n));
  const requests = { ours: await sides.ours.signed(calls), baseline: await sides.baseline.signed(calls) };
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const kinds = round % 2 === 0 ? (['ours', 'baseline'] as const) : (['baseline', 'ours'] as const);
    for (const kind of kinds) {
      const { perSecond, serverMicros } = await sides[kind].answer(requests[kind]);
      if (round < 0) continue;
      rate[kind].push(perSecond);
      time[kind].push(serverMicros);
    }
  }
  return [time, rate];
}

class Side {
  readonly #child: ChildProcess;
  readonly #connections: RawConnection[];
  readonly #signer: SignatureV4;
  readonly #port: number;

  private constructor(child: ChildProcess, connections: RawConnection[], { port, credentials }: Started) {
    this.#child = child;
    this.#connections = connections;
    this.#port = port;
    this.#signer = new SignatureV4({
      credentials: credentials ?? { accessKeyId: 'local', secretAccessKey: 'local' },
      ...{ region: 'us-east-1', service: 'dynamodb', sha256 },
    });
  }

  static async start(kind: string, root: string): Promise<Side> {
    const script = join(__dirname, '../tables-server.ts');
    const child = fork(script, [kind], { cwd: root, execArgv: ['--import', 'tsx'] });
    const [started] = (await once(child, 'message')) as [Started];
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => RawConnection.open(started.port)),
    );
    const side = new Side(child, connections, started);
    await side.#createTable();
    return side;
  }

  /** Creates the bytes of requests as an SDK signs them. */
  async signed(calls: Call[]): Promise<Buffer[]> {
    return Promise.all(calls.map((call) => this.#signedCall(call)));
  }

  async answer(requests: Buffer[]): Promise<{ perSecond: number; serverMicros: number }> {
    const before = await this.#cpuMicros();
    const begun = performance.now();
    let next = 0;
    const work = async (connection: RawConnection) => {
      for (let n = next++; n < requests.length; n = next++) {
        const { status, body } = await connection.send(requests[n] as Buffer);
        if (status !== 200) throw new Error(`A request failed with ${status}: ${body}`);
      }
    };
    await Promise.all(this.#connections.map(work));
    const perSecond = Math.round((requests.length * 1_000) / (performance.now() - begun));
    return { perSecond, serverMicros: ((await this.#cpuMicros()) - before) / requests.length };
  }

  stop(): void {
    for (const connection of this.#connections) connection.close();
    this.#child.disconnect();
  }

  async #cpuMicros(): Promise<number> {
    const answered = once(this.#child, 'message') as Promise<[NodeJS.CpuUsage]>;
    this.#child.send('cpu');
    const [{ user, system }] = await answered;
    return user + system;
  }

  async #createTable(): Promise<void> {
    const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' });
    const create = await this.#signedCall({
      operation: 'CreateTable',
      body: {
        TableName: TABLE,
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [attribute('pk'), attribute('sk')],
        BillingMode: 'PAY_PER_REQUEST',
      },
    });
    const describe = await this.#signedCall({ operation: 'DescribeTable', body: { TableName: TABLE } });
    const [connection] = this.#connections as [RawConnection];
    let answer = await connection.send(create);
    while (answer.status === 200 && !answer.body.includes('"ACTIVE"'))
      answer = await connection.send(describe);
    if (answer.status !== 200) throw new Error(`The table was not created: ${answer.body}`);
  }

  async #signedCall({ operation, body }: Call): Promise<Buffer> {
    const text = JSON.stringify(body);
    const { headers } = await this.#signer.sign({
      ...{
        method: 'POST',
        protocol: 'http:',
        hostname: '127.0.0.1',
        port: this.#port,
        path: '/',
        body: text,
      },
      headers: {
        host: `127.0.0.1:${this.#port}`,
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
        'content-length': String(Buffer.byteLength(text)),
        'user-agent':
          'aws-sdk-js/3.1160.0 ua/2.1 os/linux lang/js md/nodejs#24.11.0 api/dynamodb#3.1160.0 m/E',
        'amz-sdk-invocation-id': '3f2b6a0e-7c0e-4a55-9a0e-3b9c8f6f2a11',
        'amz-sdk-request': 'attempt=1; max=3',
      },
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n${text}`);
  }
}
