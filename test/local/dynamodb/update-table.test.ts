import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { Database, type JournalEntry } from '../../../local/dynamodb/database';
import { DynamoDbError } from '../../../local/dynamodb/dynamodb-error';
import { execute } from '../../../local/dynamodb/operations/operations';

const TRANSITION_MILLIS = 250;
const units = (ReadCapacityUnits: number, WriteCapacityUnits = ReadCapacityUnits) => ({
  ...{ ReadCapacityUnits, WriteCapacityUnits },
});

describe('UpdateTable', () => {
  let clock: ManualClock;
  let database: Database;
  let stored: JournalEntry[];

  const run = (operation: string, input: JsonObject) =>
    execute(database, operation, { TableName: 'rows', ...input });
  const update = (input: JsonObject) => run('UpdateTable', input).TableDescription as JsonObject;
  const described = () => run('DescribeTable', {}).Table as JsonObject;
  const settled = () => {
    clock.advance(TRANSITION_MILLIS);
    return described();
  };
  const message = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      if (error instanceof DynamoDbError) return `${error.code}: ${error.message}`;
    }
    return 'not refused';
  };
  const seconds = () => clock.now() / 1000;
  const indexOf = (table: JsonObject) => ((table.GlobalSecondaryIndexes ?? []) as JsonObject[])[0];
  const byOwner = {
    IndexName: 'byOwner',
    KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  };

  function start(more: JsonObject = { ProvisionedThroughput: units(10) }, names = ['pk']): void {
    clock = new ManualClock();
    stored = [];
    database = new Database({
      ...{ region: 'us-east-1', accountId: '000000000000', clock, transitionMillis: TRANSITION_MILLIS },
      journal: { append: (entry) => stored.push(entry) },
    });
    run('CreateTable', {
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      ...more,
    });
    settled();
  }

  it('increases the throughput at the end of the update, and records when', () => {
    start();
    const begun = seconds();
    expect(update({ ProvisionedThroughput: units(30) })).toMatchObject({
      TableStatus: 'UPDATING',
      ProvisionedThroughput: { ...units(10), LastIncreaseDateTime: begun, NumberOfDecreasesToday: 0 },
    });
    expect(settled()).toMatchObject({
      TableStatus: 'ACTIVE',
      ProvisionedThroughput: { ...units(30), LastIncreaseDateTime: seconds(), NumberOfDecreasesToday: 0 },
    });
  });

  it('counts the decreases of a day, and refuses more than four without an hour between them', () => {
    start();
    for (const count of [9, 8, 7, 6]) {
      update({ ProvisionedThroughput: units(count) });
      settled();
    }
    const { ProvisionedThroughput } = described();
    expect(ProvisionedThroughput).toMatchObject({
      ...units(6),
      ...{ NumberOfDecreasesToday: 4, LastDecreaseDateTime: seconds() },
    });
    expect(message(() => update({ ProvisionedThroughput: units(5) }))).toMatch(
      /^LimitExceededException: Subscriber limit exceeded: Provisioned throughput decreases are limited/,
    );
    clock.advance(60 * 60_000);
    update({ ProvisionedThroughput: units(5) });
    expect(settled().ProvisionedThroughput).toMatchObject({ NumberOfDecreasesToday: 5 });
    clock.advance(24 * 60 * 60_000);
    update({ ProvisionedThroughput: units(4) });
    expect(settled().ProvisionedThroughput).toMatchObject({ NumberOfDecreasesToday: 1 });
  });

  it('refuses the current throughput', () => {
    start();
    expect(message(() => update({ ProvisionedThroughput: units(10) }))).toMatch(
      /^ValidationException: The provisioned throughput for the table will not change/,
    );
  });

  it('becomes on-demand, and records since when', () => {
    start(
      {
        ProvisionedThroughput: units(10),
        GlobalSecondaryIndexes: [{ ...byOwner, ProvisionedThroughput: units(3) }],
      },
      ['pk', 'owner'],
    );
    const during = update({ BillingMode: 'PAY_PER_REQUEST' });
    expect(during).toMatchObject({
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      ProvisionedThroughput: { ...units(0), LastDecreaseDateTime: seconds() },
    });
    expect(indexOf(during)).toMatchObject({ IndexStatus: 'UPDATING', ProvisionedThroughput: units(0) });
    const after = settled();
    const since = { LastUpdateToPayPerRequestDateTime: seconds() };
    expect(after).toMatchObject({
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', ...since },
      TableThroughputModeSummary: { TableThroughputMode: 'PAY_PER_REQUEST', ...since },
    });
    expect(after.ProvisionedThroughput).toEqual({ ...units(0), NumberOfDecreasesToday: 0 });
    expect(indexOf(after)).toMatchObject({
      IndexStatus: 'ACTIVE',
      ProvisionedThroughput: { ...units(0), NumberOfDecreasesToday: 1, LastDecreaseDateTime: seconds() },
    });
  });

  it('becomes provisioned with units for every index', () => {
    start({ BillingMode: 'PAY_PER_REQUEST', GlobalSecondaryIndexes: [byOwner] }, ['pk', 'owner']);
    const since = (described().BillingModeSummary as JsonObject).LastUpdateToPayPerRequestDateTime;
    const wanted = { BillingMode: 'PROVISIONED', ProvisionedThroughput: units(5) };
    expect(message(() => update(wanted))).toBe(
      'ValidationException: One or more parameter values were invalid: ProvisionedThroughput must be specified for index: byOwner',
    );
    const Update = { IndexName: 'byOwner', ProvisionedThroughput: units(2) };
    const during = update({ ...wanted, GlobalSecondaryIndexUpdates: [{ Update }] });
    expect(during).toMatchObject({
      BillingModeSummary: { BillingMode: 'PROVISIONED', LastUpdateToPayPerRequestDateTime: since as number },
      ProvisionedThroughput: units(5),
    });
    expect(indexOf(during)).toMatchObject({ IndexStatus: 'UPDATING', ProvisionedThroughput: units(2) });
    expect(settled()).toMatchObject({ TableStatus: 'ACTIVE', ProvisionedThroughput: units(5) });
  });

  it('creates an index, which cannot be read before it is active', () => {
    start({ BillingMode: 'PAY_PER_REQUEST' });
    run('PutItem', { Item: { pk: { S: 'a' }, owner: { S: 'ada' } } });
    const during = update({
      AttributeDefinitions: [{ AttributeName: 'owner', AttributeType: 'S' }],
      GlobalSecondaryIndexUpdates: [{ Create: byOwner }],
    });
    expect(indexOf(during)).toMatchObject({ IndexStatus: 'CREATING', Backfilling: true });
    const query = () =>
      run('Query', {
        ...{ IndexName: 'byOwner', KeyConditionExpression: '#o = :o' },
        ...{ ExpressionAttributeNames: { '#o': 'owner' }, ExpressionAttributeValues: { ':o': { S: 'ada' } } },
      });
    expect(message(query)).toBe(
      'ValidationException: Cannot read from backfilling global secondary index: byOwner',
    );
    expect(indexOf(settled())).toEqual(expect.not.objectContaining({ Backfilling: expect.anything() }));
    expect(query().Count).toBe(1);
  });

  it('deletes an index with the attributes that only it used', () => {
    start({ BillingMode: 'PAY_PER_REQUEST', GlobalSecondaryIndexes: [byOwner] }, ['pk', 'owner']);
    const during = update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byOwner' } }] });
    expect(indexOf(during)).toMatchObject({ IndexStatus: 'DELETING' });
    const after = settled();
    expect(after.GlobalSecondaryIndexes).toBeUndefined();
    expect(after.AttributeDefinitions).toEqual([{ AttributeName: 'pk', AttributeType: 'S' }]);
  });

  it('turns a stream off and on again', () => {
    start({
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    });
    const { LatestStreamArn: first } = described();
    update({ StreamSpecification: { StreamEnabled: false } });
    const off = settled();
    expect([off.StreamSpecification, off.LatestStreamArn]).toEqual([undefined, first]);
    const again = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' };
    update({ StreamSpecification: again });
    const on = settled();
    expect(on.StreamSpecification).toEqual(again);
    expect(on.LatestStreamArn).not.toBe(first);
    expect(message(() => update({ StreamSpecification: again }))).toBe(
      'ValidationException: Table already has an enabled stream',
    );
  });

  it('keeps tags that are set while it changes', () => {
    start();
    update({ ProvisionedThroughput: units(30) });
    const ResourceArn = String(described().TableArn);
    run('TagResource', { ResourceArn, Tags: [{ Key: 'team', Value: 'chat' }] });
    expect(settled().ProvisionedThroughput).toMatchObject(units(30));
    expect(run('ListTagsOfResource', { ResourceArn }).Tags).toEqual([{ Key: 'team', Value: 'chat' }]);
  });

  it('stores the target state of the table, so that a killed process loses no update', () => {
    start();
    update({ ProvisionedThroughput: units(30) });
    const [last] = stored.slice(-1);
    expect(last).toMatchObject({
      table: { description: { TableStatus: 'ACTIVE', ProvisionedThroughput: units(30) } },
    });
  });

  it('refuses a second change of the time to live within an hour', () => {
    start();
    const ttl = (Enabled: boolean) =>
      run('UpdateTimeToLive', { TimeToLiveSpecification: { Enabled, AttributeName: 'expires' } });
    ttl(true);
    clock.advance(59 * 60_000);
    expect(message(() => ttl(false))).toBe(
      'ValidationException: Time to live has been modified multiple times within a fixed interval',
    );
    clock.advance(60_000);
    expect(ttl(false)).toEqual({ TimeToLiveSpecification: { Enabled: false, AttributeName: 'expires' } });
  });
});
