/** Reads the rows of a channel's members. */
import type { Item } from '../table/item';
import { pages, type Table } from '../table/table';
import { MEMBER_PREFIX } from './connection-items';

/** Which rows to read, and how many at a time. */
export interface MemberRange {
  /** Reads the rows after this sort key. @default from the beginning */
  after?: string;
  /** Rows of one page. @default as many as fit into 1 MB */
  limit?: number;
}

/** The members' rows in a channel's partition, in their order, read consistently page by page. */
export async function* memberRows(
  table: Table,
  pk: string,
  { after, limit }: MemberRange = {},
): AsyncGenerator<Item, void, undefined> {
  const range = {
    ...{ pk, prefix: MEMBER_PREFIX },
    ...(after !== undefined && { after: { pk, sk: after } }),
    ...(limit !== undefined && { limit }),
  };
  for await (const page of pages(table, range)) yield* page;
}
