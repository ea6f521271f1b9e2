import { MeteredTable } from '../../bench/metered-table';
import { systemClock } from '../../lib/clock';
import { always, itemAbsent } from '../../lib/table/conditions';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';

/** The rules are from the DynamoDB Developer Guide, "DynamoDB read and write operations". */
describe('MeteredTable', () => {
  let metered: MeteredTable;
  let table: DynamoDbTable;

  beforeAll(async () => {
    metered = await MeteredTable.start();
    table = new DynamoDbTable(metered.tableName, systemClock, metered.client);
  });
  afterAll(() => metered.stop());

  /** An item of the given size. The names of its attributes take eight bytes, and `p` takes one. */
  const item = (sk: string, bytes: number) => ({ pk: 'p', sk, body: 'x'.repeat(bytes - 9 - sk.length) });
  const writes = (units: number) => ({ calls: 1, writeUnits: units, readUnits: 0 });
  const reads = (units: number) => ({ calls: 1, writeUnits: 0, readUnits: units });
  const consumedBy = (work: () => Promise<unknown>) => metered.consumedBy(work);

  it.each([
    [1_024, 1],
    [1_025, 2],
  ])('counts for a put of %d bytes: %d write units', async (bytes, units) => {
    expect(await consumedBy(() => table.put(item('a', bytes), always))).toEqual(writes(units));
  });

  it('counts the size of the old item if it is larger', async () => {
    await table.put(item('b', 3_000), always);
    expect(await consumedBy(() => table.update({ pk: 'p', sk: 'b' }, { remove: ['body'] }, always))).toEqual(
      writes(3),
    );
    await table.put(item('b', 3_000), always);
    expect(await consumedBy(() => table.delete({ pk: 'p', sk: 'b' }, always))).toEqual(writes(3));
  });

  it('counts a write whose condition fails, and a delete of a missing item', async () => {
    await table.put(item('c', 100), always);
    expect(await consumedBy(() => table.put(item('c', 100), itemAbsent))).toEqual(writes(1));
    expect(await consumedBy(() => table.delete({ pk: 'p', sk: 'absent' }, always))).toEqual(writes(1));
  });

  it.each([
    [4_096, 1],
    [4_097, 2],
  ])('counts for a consistent read of %d bytes: %d read units', async (bytes, units) => {
    await table.put(item('d', bytes), always);
    expect(await consumedBy(() => table.get({ pk: 'p', sk: 'd' }))).toEqual(reads(units));
  });

  it('counts the total size of the items for a query, and half of it if the query is not consistent', async () => {
    for (let n = 0; n < 9; n++) await table.put(item(`e${n}`, 1_000), always);
    const range = { pk: 'p', prefix: 'e' };
    expect(await consumedBy(() => table.query(range))).toEqual(reads(3));
    expect(await consumedBy(() => table.query({ ...range, consistent: false }))).toEqual(reads(1.5));
    expect(await consumedBy(() => table.query({ ...range, limit: 4 }))).toEqual(reads(1));
  });

  it('counts a read that finds nothing', async () => {
    const range = { pk: 'p', prefix: 'absent' };
    expect(await consumedBy(() => table.query(range))).toEqual(reads(1));
    expect(await consumedBy(() => table.query({ ...range, consistent: false }))).toEqual(reads(0.5));
    expect(await consumedBy(() => table.get({ pk: 'p', sk: 'absent' }))).toEqual(reads(1));
  });
});
