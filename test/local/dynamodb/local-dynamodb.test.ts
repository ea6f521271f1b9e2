import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoTable } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { ItemChange } from '../../../local/dynamodb/change';
import { LocalDynamoDb } from '../../../local/dynamodb/local-dynamodb';
import { RemoteSweep } from '../../../local/dynamodb/remote-sweep';
import { silentLog } from '../../../local/log';
import { UserError } from '../../../local/user-error';
import { tableClient } from '../../table-client';

const settings = { region: 'eu-west-1', accountId: '123456789012', log: silentLog };

function table(tableName: string, ttlAttribute?: string): DynamoTable {
  return {
    path: `Main/${tableName}`,
    tableName,
    tableArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${tableName}`,
    createTable: {
      TableName: tableName,
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'bySk',
          KeySchema: [{ AttributeName: 'sk', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    },
    ...(ttlAttribute === undefined ? {} : { ttlAttribute }),
  };
}

describe('LocalDynamoDb with a stream', () => {
  const clock = new ManualClock();
  const changes: ItemChange[] = [];
  let heard = () => {};
  let database: LocalDynamoDb;
  let client: DynamoDBClient;

  beforeAll(async () => {
    database = await LocalDynamoDb.start({
      ...settings,
      clock,
      tables: [{ ...table('rows', 'expires'), streamViewType: 'NEW_AND_OLD_IMAGES' }, table('silent')],
      onChange: (change) => {
        changes.push(change);
        heard();
      },
    });
    client = tableClient(database.address);
  });
  afterAll(async () => {
    client.destroy();
    await database.close();
  });
  beforeEach(() => {
    changes.length = 0;
  });

  const key = (pk: string) => ({ pk: { S: pk }, sk: { S: '1' } });
  const put = (pk: string, more = {}, TableName = 'rows') =>
    client.send(new PutItemCommand({ TableName, Item: { ...key(pk), ...more } }));
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      heard = () => {
        if (changes.length >= count) resolve();
      };
      heard();
    });

  it('reports items that are created, changed and deleted, with their old and new images', async () => {
    await put('a', { n: { N: '1' } });
    await client.send(
      new UpdateItemCommand({
        ...{ TableName: 'rows', Key: key('a'), UpdateExpression: 'SET n = n + :one' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    await client.send(new DeleteItemCommand({ TableName: 'rows', Key: key('a') }));
    await until(3);
    const [one, two] = ['1', '2'].map((n) => ({ ...key('a'), n: { N: n } }));
    const told = {
      ...{ tableName: 'rows', keys: key('a'), at: clock.now(), isExpiry: false },
      ...{ sequenceNumber: expect.stringMatching(/^\d{21}$/), partitionHash: expect.any(Number) },
    };
    expect(changes).toEqual([
      { ...told, newImage: one },
      { ...told, oldImage: one, newImage: two },
      { ...told, oldImage: two },
    ]);
  });

  it('reports no write that changes nothing, no refused write, and no other table', async () => {
    await put('b', { n: { N: '1' } });
    await put('b', { n: { N: '1' } });
    await client.send(new DeleteItemCommand({ TableName: 'rows', Key: key('none') }));
    await put('b', {}, 'silent');
    const refused = client.send(
      new PutItemCommand({
        TableName: 'rows',
        Item: key('b'),
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
    await expect(refused).rejects.toThrow('The conditional request failed');
    await put('c');
    await until(2);
    expect(changes.map(({ keys }) => keys.pk)).toEqual([{ S: 'b' }, { S: 'c' }]);
  });

  it('reports the writes of a batch', async () => {
    const requests = ['d', 'e'].map((pk) => ({ PutRequest: { Item: key(pk) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { rows: requests } }));
    await until(2);
    expect(changes.map(({ keys }) => keys.pk?.S).sort()).toEqual(['d', 'e']);
  });

  it('reports which items were deleted because they expired', async () => {
    await put('f', { expires: { N: String(Math.floor(clock.now() / 1000) - 1) } });
    await database.expiry.sweep();
    await until(2);
    expect(changes).toMatchObject([{ isExpiry: false }, { keys: key('f'), isExpiry: true }]);
  });
});

describe('LocalDynamoDb', () => {
  const clock = new ManualClock();
  const now = Math.floor(clock.now() / 1000);
  let database: LocalDynamoDb;
  let client: DynamoDBClient;
  /** Another database at a URL. */
  let other: Server;
  let url: string;

  beforeAll(async () => {
    database = await LocalDynamoDb.start({
      ...settings,
      clock,
      tables: [table('rows'), table('passing', 'expires')],
    });
    client = tableClient(database.address);
    other = createServer((request, response) => {
      // Tables that are created while it runs become active when the clock advances.
      response.on(
        'finish',
        () => request.headers['x-amz-target']?.includes('CreateTable') && clock.advance(250),
      );
      void database.handler.handle(request, response);
    });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    client.destroy();
    other.close();
    other.closeAllConnections();
    await database.close();
  });

  function put(tableName: string, sk: string, expires?: number | string) {
    const ttl = typeof expires === 'number' ? { N: String(expires) } : { S: String(expires) };
    return client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { pk: { S: 'p' }, sk: { S: sk }, ...(expires === undefined ? {} : { expires: ttl }) },
      }),
    );
  }

  async function keys(tableName: string): Promise<(string | undefined)[]> {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }));
    return Items.map(({ sk }) => sk?.S).sort();
  }

  it("creates the app's tables", async () => {
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(['passing', 'rows']);
  });

  it('creates their indexes', async () => {
    await put('rows', 'indexed');
    const { Count } = await client.send(
      new QueryCommand({
        TableName: 'rows',
        IndexName: 'bySk',
        KeyConditionExpression: 'sk = :sk',
        ExpressionAttributeValues: { ':sk': { S: 'indexed' } },
      }),
    );
    expect(Count).toBe(1);
  });

  it('deletes expired items, and no others', async () => {
    await put('passing', 'past', now - 1);
    await put('passing', 'now', now);
    await put('passing', 'future', now + 60);
    await put('passing', 'never');
    await put('passing', 'text', '1');
    await put('passing', 'ancient', now - 6 * 365 * 24 * 3600);
    expect(await database.expiry.sweep()).toBe(1);
    expect(await keys('passing')).toEqual(['ancient', 'future', 'never', 'now', 'text']);
  });

  it('deletes items page by page', async () => {
    const tens = Array.from({ length: 10 }, (_, index) => index);
    const padding = { S: 'x'.repeat(250_000) };
    await Promise.all(
      tens.map((index) =>
        client.send(
          new PutItemCommand({
            TableName: 'passing',
            Item: { pk: { S: 'large' }, sk: { S: `${index}` }, expires: { N: String(now - 1) }, padding },
          }),
        ),
      ),
    );
    expect(await database.expiry.sweep()).toBe(10);
  });

  it('keeps an item whose expiry was extended while it was about to be deleted', async () => {
    await put('passing', 'refreshed', now - 1);
    const racing = tableClient(database.address);
    racing.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'DeleteItemCommand') await put('passing', 'refreshed', now + 600);
        return next(args);
      },
      { step: 'initialize' },
    );
    const sweep = new RemoteSweep({ client: racing, tables: [table('passing', 'expires')], clock });
    expect(await sweep.run()).toBe(0);
    racing.destroy();
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: 'passing',
        Key: { pk: { S: 'p' }, sk: { S: 'refreshed' } },
        ConsistentRead: true,
      }),
    );
    expect(Item?.expires).toEqual({ N: String(now + 600) });
  });

  it('creates tables while it runs, keeps the others, and expires items in each', async () => {
    await put('rows', 'kept');
    await database.update([table('rows'), table('later', 'expires')]);
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(expect.arrayContaining(['later', 'passing', 'rows']));
    const kept = { pk: { S: 'p' }, sk: { S: 'kept' } };
    expect((await client.send(new GetItemCommand({ TableName: 'rows', Key: kept }))).Item).toEqual(kept);
    await put('later', 'old', now - 10);
    expect(await database.expiry.sweep()).toBe(1);
  });

  it('survives clients that disconnect, and responds to the others', async () => {
    const [patient, broken] = [connect(database.address), connect(database.address)];
    for (const socket of [patient, broken]) {
      await once(socket, 'connect');
      socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{');
    }
    await client.send(new ListTablesCommand({}));
    broken.destroy();
    await client.send(new ListTablesCommand({}));
    patient.write('}');
    const [answer] = await once(patient, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 4/);
    patient.destroy();
  });

  it('uses another DynamoDB, and does not change its existing tables', async () => {
    await put('rows', 'kept');
    const other = await LocalDynamoDb.start({
      ...settings,
      clock,
      url,
      tables: [table('rows'), table('more')],
    });
    await other.close();
    expect(await keys('rows')).toContain('kept');
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toContain('more');
  });

  it('names a table that cannot be created, and why', async () => {
    const broken = table('broken');
    broken.createTable.KeySchema = [];
    const start = LocalDynamoDb.start({ ...settings, clock, url, tables: [broken] });
    await expect(start).rejects.toThrow(UserError);
    await expect(start).rejects.toThrow(
      /Main\/broken: DynamoDB at .* refuses to create the table broken: .*keySchema/i,
    );
  });
});

describe('LocalDynamoDb with a folder', () => {
  const clock = new ManualClock();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tables-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const start = (tables = [table('rows')]) => LocalDynamoDb.start({ ...settings, clock, directory, tables });

  it('keeps items between runs', async () => {
    const first = await start();
    const Key = { pk: { S: 'p' }, sk: { S: 's' } };
    const client = tableClient(first.address);
    await client.send(new PutItemCommand({ TableName: 'rows', Item: Key }));
    await first.close();
    const second = await start();
    const later = tableClient(second.address);
    const { Item } = await later.send(new GetItemCommand({ TableName: 'rows', Key }));
    expect(Item).toEqual(Key);
    client.destroy();
    later.destroy();
    await second.close();
  });

  it('refuses a folder that another runtime uses', async () => {
    const first = await start();
    const second = start();
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(`The tables in ${directory} are in use by another runtime`);
    await first.close();
    await (await start()).close();
  });

  it('refuses a path that is not a folder', async () => {
    writeFileSync(join(directory, 'file'), '');
    const broken = LocalDynamoDb.start({
      ...settings,
      clock,
      directory: join(directory, 'file'),
      tables: [],
    });
    await expect(broken).rejects.toThrow(
      /The tables could not be stored in .*file: .+ Choose a writable folder/,
    );
  });

  it('refuses a stored table with a different schema', async () => {
    await (await start()).close();
    const changed = table('rows');
    delete changed.createTable.GlobalSecondaryIndexes;
    const second = start([changed]);
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(/Main\/rows: the table rows in .* has other keys or indexes/);
  });
});

describe('Expiry', () => {
  it("uses the runtime's clock", async () => {
    const clock = new ManualClock();
    const database = await LocalDynamoDb.start({ ...settings, clock, tables: [table('passing', 'expires')] });
    const sweep = jest.spyOn(database.expiry, 'sweep');
    clock.advance(29_999);
    expect(sweep).not.toHaveBeenCalled();
    clock.advance(1);
    expect(sweep).toHaveBeenCalledTimes(1);
    await sweep.mock.results[0]?.value;
    await database.close();
  });
});
