/** Both implementations of the table, for contracts that must hold for each. */

import { DynamoDbTable } from '../../../lib/table/dynamodb-table';
import type { Table } from '../../../lib/table/table';
import { ManualClock, MemoryTable } from '../../../lib/testing';
import { startDatabase, type TestDatabase } from '../../database';

export interface TableUnderTest {
  table: Table;
  clock: ManualClock;
  /** Keys of different tests do not collide. */
  pk: string;
}

/** Runs the tests in `define` against the fake and against DynamoDB's interface. */
export function describeForEachTable(name: string, define: (under: () => TableUnderTest) => void): void {
  let tests = 0;

  describe(`${name}, in memory`, () => {
    let current: TableUnderTest;
    beforeEach(() => {
      const clock = new ManualClock();
      current = { clock, table: new MemoryTable(clock), pk: `test-${++tests}` };
    });
    define(() => current);
  });

  describe(`${name}, on DynamoDB`, () => {
    let database: TestDatabase;
    let current: TableUnderTest;
    beforeAll(async () => {
      database = await startDatabase();
    });
    afterAll(() => database.stop());
    beforeEach(() => {
      const clock = new ManualClock();
      const table = new DynamoDbTable(database.tableName, clock, database.client);
      current = { clock, table, pk: `test-${++tests}` };
    });
    define(() => current);
  });
}
