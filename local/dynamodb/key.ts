/** Keys of tables and indexes, and their order. */
import { createHash } from 'node:crypto';
import type { Json } from '../assembly/values/json';
import { type Attributes, type AttributeValue, attributeOf, typeOf } from './attribute-value';
import { invalidForSchema, invalidParameter, SchemaMismatch, validationError } from './dynamodb-error';
import { parse, sortableNumber } from './number';

export type KeyType = 'S' | 'N' | 'B';

export interface KeyAttribute {
  name: string;
  type: KeyType;
}

/** The partition key and, if there is one, the sort key. */
export type KeySchema = readonly [KeyAttribute] | readonly [KeyAttribute, KeyAttribute];

export function keyAttributes(schema: KeySchema): readonly KeyAttribute[] {
  return schema as readonly KeyAttribute[];
}

/** Sorts after every key that begins with the text before it. */
const ABOVE = '\u0100';
/** Ends a sort key. Sorts before any continuation. */
const END = '\0\x01';

/** Positions only have characters below 256. */
export function upTo(position: string): string {
  return position + ABOVE;
}

/** Positions of the partitions of late, because the digest costs more than the rest of a request. */
const positions = new Map<string, string>();
const MAX_POSITIONS = 1_000;
/** A longer key is not remembered, so that all of them together stay small. */
const MAX_REMEMBERED_CHARACTERS = 128;

/** The position of a partition. Like DynamoDB, scatters partitions by a digest of their key. */
export function partitionPosition(value: AttributeValue): string {
  const { S: text } = value;
  if (typeof text !== 'string' || text.length > MAX_REMEMBERED_CHARACTERS) return newPartitionPosition(value);
  const known = positions.get(text);
  if (known !== undefined) return known;
  if (positions.size >= MAX_POSITIONS) positions.clear();
  const position = newPartitionPosition(value);
  positions.set(text, position);
  return position;
}

function newPartitionPosition(value: AttributeValue): string {
  const bytes = keyBytes(value);
  const length = String.fromCharCode(bytes.length >> 8, bytes.length & 255);
  return digest(hashedBytes(value, bytes)) + length + bytes.toString('latin1');
}

/** Printable ASCII: text that is its own bytes. */
const PLAIN = /^[ -~]*$/;

/** The position of a sort key in its partition. Without its end, the common prefix of all keys that begin with it. */
export function sortPosition(value: AttributeValue, isWhole = true): string {
  if (typeof value.S === 'string' && PLAIN.test(value.S)) return isWhole ? value.S + END : value.S;
  const text = typeOf(value) === 'N' ? sortableNumber(String(value.N)) : keyBytes(value).toString('latin1');
  return text.replaceAll('\0', '\0\xff') + (isWhole ? END : '');
}

/** The position of the item with this key. */
export function positionOf(item: Attributes, [partition, sort]: KeySchema): string {
  const position = partitionPosition(attributeOf(item, partition.name) as AttributeValue);
  return sort ? position + sortPosition(attributeOf(item, sort.name) as AttributeValue) : position + END;
}

/** The position of an item in an index. Items with the same key are scattered like partitions. */
export function indexPositionOf(item: Attributes, schema: KeySchema, tableSchema: KeySchema): string {
  const tableKey = keyAttributes(tableSchema).map(({ name }) => attributeOf(item, name) as AttributeValue);
  const scattered = digest(Buffer.concat(tableKey.map((value) => hashedBytes(value, keyBytes(value)))));
  return positionOf(item, schema) + scattered.slice(0, 3) + positionOf(item, tableSchema);
}

const SEGMENT_PLACES = 4096;

/** The first position of a scan's segment. Segments divide the digests evenly. */
export function segmentPosition(segment: number, totalSegments: number): string {
  const place = Math.ceil((SEGMENT_PLACES * segment) / totalSegments);
  return place >= SEGMENT_PLACES ? ABOVE : String.fromCharCode(place >> 4, (place & 15) << 4);
}

function digest(bytes: Buffer): string {
  return createHash('md5').update('Outliers').update(bytes).digest('binary');
}

function keyBytes(value: AttributeValue): Buffer {
  if (typeof value.B === 'string') return Buffer.from(value.B, 'base64');
  return Buffer.from(String(value.S ?? value.N));
}

/** Numbers are hashed in pairs of digits. */
function hashedBytes(value: AttributeValue, bytes: Buffer): Buffer {
  if (value.N === undefined) return bytes;
  const { digits, exponent, isNegative } = parse(String(value.N));
  if (digits === '') return Buffer.from([0x80]);
  const isShifted = (exponent + 1) % 2 !== 0;
  const pairs = ((isShifted ? '0' : '') + digits).match(/\d{1,2}/g) ?? [];
  const hundreds = pairs.map((pair) => Number(pair.padEnd(2, '0')));
  const magnitude = (exponent + 1 + (isShifted ? 1 : 0)) / 2 - 64;
  if (!isNegative) return Buffer.from([magnitude, ...hundreds.map((hundred) => hundred + 1)]);
  const end = hundreds.length < 20 ? [102] : [];
  return Buffer.from([~magnitude, ...hundreds.map((hundred) => 101 - hundred), ...end]);
}

const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

/** The key of an item, or a part of it. @throws {DynamoDbError} if it is not a key of this table */
export function checkKey(key: Attributes, schema: KeySchema): void {
  const attributes = keyAttributes(schema);
  if (Object.keys(key).length !== attributes.length) throw otherSchema();
  for (const attribute of attributes) checkKeyAttribute(key, attribute, attribute === schema[0]);
}

export function checkKeyAttribute(key: Attributes, { name, type }: KeyAttribute, isPartition: boolean): void {
  const value = attributeOf(key, name);
  if (value?.[type] === undefined) throw otherSchema();
  if (value[type] === '') throw emptyKey(name, type);
  checkSize(value, type, isPartition);
}

/** Checks the key of an item to put. @throws {DynamoDbError} */
export function checkItemKey(item: Attributes, schema: KeySchema): void {
  for (const attribute of keyAttributes(schema)) {
    const { name, type } = attribute;
    const value = attributeOf(item, name);
    if (!value) throw invalidForSchema(`Missing the key ${name} in the item`);
    if (value[type] === undefined) {
      throw invalidForSchema(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
    }
    if (value[type] === '') throw emptyKey(name, type);
    checkSize(value, type, attribute === schema[0]);
  }
}

/**
 * An item may lack an index key, but the key must not have another type, be empty or be too large.
 * @throws {DynamoDbError}
 */
export function checkIndexKey(item: Attributes, schema: KeySchema, indexName: string): void {
  for (const attribute of keyAttributes(schema)) {
    const { name, type } = attribute;
    const value = attributeOf(item, name);
    if (!value) continue;
    if (value[type] === undefined) {
      throw invalidForSchema(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${indexName}`,
      );
    }
    if (value[type] === '') {
      throw validationError(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${contentName(type)} value. IndexName: ${indexName}, IndexKey: ${name}`,
      );
    }
    checkSize(value, type, attribute === schema[0]);
  }
}

/** Key attributes have no nested parts. @throws {DynamoDbError} */
export function checkNestedNames(
  nested: ReadonlySet<string> | undefined,
  schema: KeySchema,
  kind = 'Key',
): void {
  const name = keyAttributes(schema).find((attribute) => nested?.has(attribute.name))?.name;
  if (name === undefined) return;
  throw validationError(
    `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ${kind}: ${name}`,
  );
}

function otherSchema(): Error {
  return new SchemaMismatch('The provided key element does not match the schema');
}

export function emptyKey(name: string, type: KeyType): Error {
  return validationError(
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${contentName(type)} value. Key: ${name}`,
  );
}

function contentName(type: KeyType): string {
  return type === 'S' ? 'string' : 'binary';
}

function checkSize(value: AttributeValue, type: KeyType, isPartition: boolean): void {
  if (type === 'N') return;
  const content: Json = value[type] ?? '';
  const bytes = Buffer.byteLength(String(content), type === 'B' ? 'base64' : 'utf8');
  if (isPartition && bytes > MAX_PARTITION_KEY_BYTES) {
    throw invalidParameter('Size of hashkey has exceeded the maximum size limit of2048 bytes');
  }
  if (!isPartition && bytes > MAX_SORT_KEY_BYTES) {
    throw invalidParameter('Aggregated size of all range keys has exceeded the size limit of 1024 bytes');
  }
}
