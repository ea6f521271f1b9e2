/** `ItemCollectionMetrics`: for tables with local secondary indexes, whose collections are limited to 10 GB. */
import type { JsonObject } from '../../assembly/values/json';
import type { Attributes } from '../attribute-value';
import type { Table } from '../table';

const BYTES_OF_GB = 2 ** 30;

export function collectionMetrics(table: Table, key: Attributes): JsonObject {
  const one = collectionOf(table, key);
  return one ? { ItemCollectionMetrics: one } : {};
}

/** The estimate is between two whole gigabytes. Here, it covers the whole table. */
export function collectionOf(table: Table, key: Attributes): JsonObject | undefined {
  if (!table.indexes.some(({ isGlobal }) => !isGlobal)) return undefined;
  const [{ name }] = table.schema;
  const gigabytes = Math.floor(Number(table.describe().TableSizeBytes) / BYTES_OF_GB);
  return {
    ItemCollectionKey: { [name]: key[name] ?? {} },
    SizeEstimateRangeGB: [gigabytes, gigabytes + 1],
  };
}
