/** The items that time to live deletes. */
import { attributeOf } from './attribute-value';
import type { Database } from './database';
import type { Lifetimes } from './lifetimes';
import type { StoredItem } from './stored-item';

/** "Items with a TTL value older than five years are not deleted", says DynamoDB's page on time to live. */
export const FIVE_YEARS_SECONDS = 5 * 365 * 24 * 60 * 60;

/** Deletes expired items, and returns their number. `lifetimes` are the items' lifetimes on a faster clock. */
export function deleteExpired(database: Database, lifetimes?: Lifetimes): number {
  const nowSeconds = Math.floor(database.now / 1000);
  let deleted = 0;
  for (const tableName of database.tableNames) {
    const table = database.managedTable(tableName);
    const { ttlAttribute } = table.state;
    if (ttlAttribute === undefined || table.status !== 'ACTIVE') continue;
    const isExpired = ({ position, attributes }: StoredItem) => {
      const seconds = Number(attributeOf(attributes, ttlAttribute)?.N ?? Number.NaN);
      if (!(seconds > nowSeconds - FIVE_YEARS_SECONDS)) return false;
      return lifetimes ? lifetimes.isOver(tableName, position, seconds) : seconds < nowSeconds;
    };
    const expired = [...table.items.values()].filter(isExpired);
    for (const before of expired) {
      database.write([{ table, position: before.position, before, item: undefined, isExpiry: true }]);
      deleted += 1;
    }
  }
  lifetimes?.sweepEnded();
  return deleted;
}
