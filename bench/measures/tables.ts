/** How many requests a second the runtime's DynamoDB takes, beside dynalite: each a process of its own, asked in turn. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { Row } from '../page';

const ROUNDS = 5;
const REQUESTS = 2_000;
const IN_FLIGHT = 16;
const TABLE = 'Bench';
const KINDS = ['ours', 'baseline'] as const;

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

export async function measureTables(root: string): Promise<Row[]> {
  const sides = { ours: await Side.start('ours', root), baseline: await Side.start('dynalite', root) };
  try {
    const rows: Row[] = [];
    for (const [what, callFor] of Object.entries(CALLS)) {
      const samples: Record<(typeof KINDS)[number], number[]> = { ours: [], baseline: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const kind of KINDS) samples[kind].push(await sides[kind].rate(callFor));
      }
      rows.push({ what, unit: 'requests/s', ...samples, better: 'higher' });
    }
    return rows;
  } finally {
    for (const kind of KINDS) sides[kind].stop();
  }
}

class Side {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(kind: string, root: string): Promise<Side> {
    const script = join(__dirname, '../tables-server.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, kind], {
      ...{ cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    const [port] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    const side = new Side(child, Number(String(port)));
    const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' });
    await side.#call({
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
    return side;
  }

  async rate(callFor: (n: number) => Call): Promise<number> {
    const begun = performance.now();
    let next = 0;
    const work = async () => {
      for (let n = next++; n < REQUESTS; n = next++) await this.#call(callFor(n));
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    return Math.round((REQUESTS * 1_000) / (performance.now() - begun));
  }

  stop(): void {
    this.#agent.destroy();
    this.#child.kill();
  }

  #call({ operation, body }: Call): Promise<void> {
    const text = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = {
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(text),
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0',
      };
      const options = { host: '127.0.0.1', port: this.#port, method: 'POST', agent: this.#agent, headers };
      request(options, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${operation} was answered with ${response.statusCode}.`));
        });
      })
        .on('error', reject)
        .end(text);
    });
  }
}
