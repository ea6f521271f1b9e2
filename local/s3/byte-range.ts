/** Reads the Range header by S3's rules: one range of bytes. */
import { S3Error } from './s3-error';

export interface ByteRange {
  first: number;
  /** Inclusive. */
  last: number;
}

/**
 * Returns `undefined` for the whole object: if the header is missing, has several ranges, or is not a range.
 * @throws {S3Error} if the object has none of these bytes
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (header === undefined || (from === '' && to === '')) return undefined;
  const range =
    from === ''
      ? { first: Math.max(0, size - Number(to)), last: size - 1 }
      : { first: Number(from), last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  if (range.first < size) return range;
  throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
    RangeRequested: header,
    ActualObjectSize: String(size),
  });
}
