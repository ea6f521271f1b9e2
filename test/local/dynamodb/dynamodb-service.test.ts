import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { ManualClock } from '../../../local/clock';
import { ownCrc32 } from '../../../local/dynamodb/checksum';
import { Database } from '../../../local/dynamodb/database';
import { DynamoDbService } from '../../../local/dynamodb/dynamodb-service';
import { execute } from '../../../local/dynamodb/operations/operations';
import type { Log } from '../../../local/log';

describe('DynamoDbService', () => {
  const faults: string[] = [];
  const log: Log = { info() {}, warn() {}, error: (text) => faults.push(text) };
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const database = new Database({
      region: 'us-east-1',
      accountId: '123456789012',
      clock: new ManualClock(),
    });
    execute(database, 'CreateTable', {
      TableName: 'rows',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
    const service = new DynamoDbService({ database, log });
    server = createServer((request, response) => void service.handle(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  async function send(operation: string, body: string) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body,
    });
    return { status: answer.status, type: String(((await answer.json()) as { __type?: string }).__type) };
  }

  it('sends the length and the checksum of a response in bytes', async () => {
    const item = { pk: { S: 'Grüße, 世界' }, list: { L: [{ N: '1.0' }] } };
    const call = (operation: string, body: object) =>
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `DynamoDB_20120810.${operation}`,
        },
        body: JSON.stringify(body),
      });
    await call('PutItem', { TableName: 'rows', Item: item });
    const answer = await call('GetItem', { TableName: 'rows', Key: { pk: item.pk } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    expect(answer.headers.get('x-amz-crc32')).toBe(String(ownCrc32(bytes)));
    expect(JSON.parse(bytes.toString())).toEqual({ Item: { ...item, list: { L: [{ N: '1' }] } } });
  });

  it.each([
    ['null', 'SerializationException'],
    ['{"TableName":"rows","Key":{"pk":null}}', 'ValidationException'],
    ['{"TableName":"rows","Key":', 'SerializationException'],
    ['[]', 'SerializationException'],
    [
      `{"TableName":"rows","Key":{"pk":${'{"L":['.repeat(5_000)}${']}'.repeat(5_000)}}}`,
      'SerializationException',
    ],
    [`{"TableName":"rows","Key":{"pk":${'{"L":['.repeat(50)}${']}'.repeat(50)}}}`, 'ValidationException'],
  ])('responds to %.60s with its own error', async (body, type) => {
    expect(await send('GetItem', body)).toEqual({ status: 400, type: expect.stringContaining(type) });
  });

  const OPERATIONS = [
    'GetItem',
    'PutItem',
    'UpdateItem',
    'Query',
    'Scan',
    'BatchGetItem',
    'BatchWriteItem',
    'TransactWriteItems',
  ];
  const BODIES = [
    { TableName: 'rows', Key: { pk: { S: 'a' } }, ProjectionExpression: 'a.b[1]' },
    { TableName: 'rows', Item: { pk: { S: 'a' }, n: { N: '1' }, l: { L: [{ SS: ['x'] }] } } },
    {
      ...{
        TableName: 'rows',
        Key: { pk: { S: 'a' } },
        UpdateExpression: 'SET #a = if_not_exists(#a, :v) + :v',
      },
      ...{ ExpressionAttributeNames: { '#a': 'a' }, ExpressionAttributeValues: { ':v': { N: '1' } } },
    },
    { TableName: 'rows', KeyConditionExpression: 'pk = :v', ExpressionAttributeValues: { ':v': { S: 'a' } } },
    { RequestItems: { rows: [{ PutRequest: { Item: { pk: { S: 'a' } } } }] } },
    { TransactItems: [{ Put: { TableName: 'rows', Item: { pk: { S: 'a' } } } }] },
  ].map((body) => JSON.stringify(body));
  const PIECES = [
    'null',
    '{}',
    '[]',
    '"',
    ':',
    '-1',
    '1e400',
    '"__proto__"',
    '"constructor"',
    '{"S":""}',
    '\\u0000',
    '(',
    '#',
  ];

  it('refuses a request above 16 MB, and continues with the next', async () => {
    const huge = JSON.stringify({ TableName: 'rows', Key: { pk: { S: 'x'.repeat(16 * 1024 * 1024) } } });
    const headers = { 'x-amz-target': 'DynamoDB_20120810.GetItem' };
    expect((await fetch(url, { method: 'POST', headers, body: huge })).status).toBe(413);
    expect((await send('GetItem', '{"TableName":"rows","Key":{"pk":{"S":"a"}}}')).status).toBe(200);
  });

  it('never responds to a mutated request with a 500, and handles concurrent writes as usual', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...OPERATIONS),
        fc.constantFrom(...BODIES),
        fc.array(fc.tuple(fc.nat(200), fc.nat(12), fc.constantFrom(...PIECES)), { maxLength: 3 }),
        async (operation, body, mutations) => {
          let mutated = body;
          for (const [at, length, piece] of mutations) {
            mutated = mutated.slice(0, at) + piece + mutated.slice(at + length);
          }
          const write = send('PutItem', '{"TableName":"rows","Item":{"pk":{"S":"beside"}}}');
          expect((await send(operation, mutated)).status).toBeLessThan(500);
          expect((await write).status).toBe(200);
        },
      ),
      { seed: 20261128, numRuns: 100 },
    );
    expect(faults).toEqual([]);
  });
});
