/** Items in the form that tables and indexes store. */
import type { Json } from '../assembly/values/json';
import {
  type Attributes,
  type AttributeValue,
  attributesBytes,
  elements,
  members,
  numberBytes,
  textBytes,
  texts,
  typeOf,
} from './attribute-value';

export interface StoredItem {
  readonly position: string;
  readonly attributes: Attributes;
  /** For DynamoDB's limits and prices. */
  readonly bytes: number;
  /** Its share of a page, once it was asked for: items do not change, and are read again and again. */
  pageBytes: number | undefined;
}

/** "The maximum item size in DynamoDB is 400 KB": Developer Guide, "Service, account, and table quotas". */
export const MAX_ITEM_BYTES = 400 * 1024;

/** @param bytes if they are known */
export function storedItem(
  position: string,
  attributes: Attributes,
  bytes = attributesBytes(attributes),
): StoredItem {
  return { position, attributes, bytes, pageBytes: undefined };
}

/**
 * An item's share of a page's 1 MB. DynamoDB does not document this; it was measured from where pages end. Names
 * count as numbers, each value has a length of its own, and the sort key counts again for every 3 KB.
 */
export function pageBytes(item: StoredItem, sortKey: string | undefined): number {
  item.pageBytes ??= newPageBytes(item.attributes, sortKey);
  return item.pageBytes;
}

function newPageBytes(item: Attributes, sortKey: string | undefined): number {
  let bytes = 0;
  let sortKeyBytes = 0;
  for (const name of Object.keys(item)) {
    const value = item[name] as AttributeValue;
    if (name === sortKey) sortKeyBytes = contentBytes(value, false);
    else bytes += contentBytes(value, true) + 1;
  }
  return 2 + bytes + (1 + Math.floor((1 + bytes) / 3072)) * (18 + sortKeyBytes);
}

function contentBytes(value: AttributeValue, isFramed: boolean): number {
  const type = typeOf(value);
  const content = value[type] ?? null;
  switch (type) {
    case 'S': {
      const length = textBytes(String(content));
      return length + (isFramed ? lengthBytes(length) : 0);
    }
    case 'B':
      return Buffer.byteLength(String(content), 'base64') + (isFramed ? 1 : 0);
    case 'N':
      return numberBytes(String(content)) + (isFramed ? 1 : 0);
    case 'SS':
      return setBytes(content, textBytes, isFramed);
    case 'NS':
      return setBytes(content, numberBytes, isFramed);
    case 'BS':
      return setBytes(content, (text) => Buffer.byteLength(text, 'base64'), isFramed);
    case 'L':
      return elements(content).reduce((sum, element) => sum + 1 + contentBytes(element, isFramed), 3);
    case 'M':
      return Object.entries(members(content)).reduce(
        (sum, [name, member]) => sum + 1 + (isFramed ? 1 : textBytes(name)) + contentBytes(member, isFramed),
        3,
      );
    case 'NULL':
      return isFramed ? 0 : 1;
    default:
      return 1;
  }
}

function lengthBytes(length: number): number {
  if (length < 128) return 1;
  return length < 16384 ? 2 : 3;
}

function setBytes(content: Json, bytesOf: (text: string) => number, isFramed: boolean): number {
  const all = texts(content);
  return all.reduce((sum, text) => sum + bytesOf(text), isFramed ? all.length + 1 : 0);
}
