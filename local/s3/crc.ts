/** The cyclic redundancy checks of S3's clients: CRC-32, CRC-32C and CRC-64/NVME. */

export type CrcName = 'crc32' | 'crc32c' | 'crc64nvme';

export interface Crc {
  update(bytes: Uint8Array): void;
  /** Big-endian. */
  digest(): Buffer;
}

/** Reflected polynomials. @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
const POLYNOMIALS: Record<CrcName, { bits: 32n | 64n; polynomial: bigint }> = {
  crc32: { bits: 32n, polynomial: 0xedb88320n },
  crc32c: { bits: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** The remainder of each byte, in halves of 32 bits. */
const TABLES = new Map<CrcName, { low: Uint32Array; high: Uint32Array }>();

function tableOf(name: CrcName) {
  const made = TABLES.get(name);
  if (made) return made;
  const table = { low: new Uint32Array(256), high: new Uint32Array(256) };
  for (let byte = 0; byte < 256; byte += 1) {
    let remainder = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1)
      remainder = remainder & 1n ? (remainder >> 1n) ^ POLYNOMIALS[name].polynomial : remainder >> 1n;
    table.low[byte] = Number(remainder & 0xffffffffn);
    table.high[byte] = Number(remainder >> 32n);
  }
  TABLES.set(name, table);
  return table;
}

export function createCrc(name: CrcName): Crc {
  const table = tableOf(name);
  const is64 = POLYNOMIALS[name].bits === 64n;
  let low = 0xffffffff;
  let high = is64 ? 0xffffffff : 0;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const at = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (table.low[at] as number);
        high = (high >>> 8) ^ (table.high[at] as number);
      }
    },
    digest() {
      const result = Buffer.alloc(is64 ? 8 : 4);
      if (is64) result.writeUInt32BE(~high >>> 0, 0);
      result.writeUInt32BE(~low >>> 0, is64 ? 4 : 0);
      return result;
    },
  };
}
