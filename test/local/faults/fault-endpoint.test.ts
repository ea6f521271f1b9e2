import { type DynamoDBClient, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { readAssembly } from '../../../local/assembly/read-assembly';
import { Faults } from '../../../local/faults/faults';
import { silentFunctionLog } from '../../../local/lambda/function-log';
import { silentLog } from '../../../local/log';
import { type Runtime, startRuntime } from '../../../local/runtime';
import { tableClient } from '../../table-client';
import { chatTemplate, writeAssembly } from '../assembly/written-assembly';

describe('The endpoint for faults', () => {
  let runtime: Runtime;
  let logged: string[];
  let clients: DynamoDBClient[];
  beforeAll(async () => {
    runtime = await startRuntime({
      app: readAssembly(writeAssembly({ Main: chatTemplate() })),
      ...{ port: 0, log: silentLog, functionLog: silentFunctionLog },
      faults: new Faults({}, 7, { info: (text) => void logged.push(text) }),
    });
    clients = [runtime.url, runtime.dynamodb.address].map((address) =>
      tableClient(address, { maxAttempts: 1 }),
    );
  });
  beforeEach(async () => {
    logged = [];
    await ask('DELETE');
    await ask('PUT', 'throttled', '0.5');
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await runtime.close();
  });

  const ask = async (method = 'GET', name = '', body?: string) => {
    const url = `${runtime.url}/@local/faults${name && `/${name}`}`;
    const response = await fetch(url, { method, ...(body !== undefined && { body }) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('lists the faults that are on, and all available ones', async () => {
    expect((await ask()).body).toMatchObject({
      seed: 7,
      faults: [{ name: 'throttled', value: 0.5, struck: 0, cases: 0 }],
      known: { 'table-throttled': 'SHARE', 'late-disconnect': 'SECONDS' },
    });
  });

  it('switches a fault on and off again, and affects every way to the tables', async () => {
    const put = (client: DynamoDBClient) =>
      client.send(new PutItemCommand({ TableName: 'none', Item: { pk: { S: 'a' } } }));
    await ask('PUT', 'table-throttled', '1');
    const names = new Set<string>();
    for (let n = 0; n < 10; n += 1) {
      for (const client of clients) {
        names.add(((await put(client).catch((error: unknown) => error)) as Error).name);
      }
    }
    expect([...names].sort()).toEqual(['ProvisionedThroughputExceededException', 'ThrottlingException']);
    expect(logged).toEqual(Array.from({ length: 20 }, () => 'Fault table-throttled: PutItem'));
    expect((await ask('DELETE', 'table-throttled')).body.faults).toHaveLength(1);
    for (const client of clients) await expect(put(client)).rejects.toThrow('resource not found');
  });

  it('does not affect requests about tables', async () => {
    await ask('PUT', 'table-throttled', '1');
    for (const client of clients) await client.send(new ListTablesCommand());
    expect(logged).toEqual([]);
  });

  it('switches all faults off', async () => {
    await ask('PUT', 'post-fails', '1');
    expect((await ask('DELETE')).body.faults).toEqual([]);
  });

  it.each([
    ['PUT', 'no-such', '1', 'there is no such fault'],
    ['PUT', 'throttled', '2', 'must be a share from 0 to 1'],
    ['PUT', 'throttled', undefined, 'not ""'],
    ['PUT', 'throttled', '1'.repeat(200), 'not "too long"'],
    ['DELETE', 'no-such', undefined, 'there is no such fault'],
    ['POST', 'throttled', '1', 'POST is not one of GET, PUT and DELETE'],
  ])('refuses %s %s %j', async (method, name, body, why) => {
    const { status, body: answer } = await ask(method, name, body);
    expect(status).toBe(400);
    expect(answer.error).toContain(why);
  });

  it('responds only to names of this machine', async () => {
    const { get } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      get(`${runtime.url}/@local/faults`, { headers: { host: 'sqs.us-east-1.amazonaws.com' } }, (response) =>
        resolve(response.resume().statusCode),
      ).on('error', reject);
    });
    expect(status).toBe(501);
  });
});
