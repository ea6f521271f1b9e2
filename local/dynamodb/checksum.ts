/** CRC-32, as in ZIP files. */
import * as zlib from 'node:zlib';

/** Node.js has it since 20.15. */
const native = (zlib as { crc32?: (data: Buffer | string) => number }).crc32;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Of bytes, or of a text in UTF-8. */
export function crc32(data: Buffer | string): number {
  return native ? native(data) : ownCrc32(typeof data === 'string' ? Buffer.from(data) : data);
}

export function ownCrc32(bytes: Buffer): number {
  let checksum = 0xffffffff;
  for (const byte of bytes) checksum = (TABLE[(checksum ^ byte) & 0xff] as number) ^ (checksum >>> 8);
  return (checksum ^ 0xffffffff) >>> 0;
}
