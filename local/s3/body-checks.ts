/** Verifies the length and checksums that a client sends before or after its body. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Crc, createCrc } from './crc';
import { S3Error } from './s3-error';

const CHECKSUMS: Record<string, () => Crc> = {
  crc32: () => createCrc('crc32'),
  crc32c: () => createCrc('crc32c'),
  crc64nvme: () => createCrc('crc64nvme'),
  sha1: () => createHash('sha1'),
  sha256: () => createHash('sha256'),
};

const CHECKSUM_HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/;

export class BodyChecks {
  readonly #md5 = createHash('md5');
  readonly #sha256 = createHash('sha256');
  readonly #checksums = new Map<string, Crc>();
  readonly #headers: IncomingHttpHeaders;
  #size = 0;

  /** @throws {S3Error} if the client announces a checksum of an unknown kind */
  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
    const announced = String(headers['x-amz-trailer'] ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const unknown = announced.find((name) => !CHECKSUM_HEADER.test(name));
    if (unknown !== undefined)
      throw new S3Error(
        400,
        'InvalidRequest',
        `The value specified in the x-amz-trailer header is not supported: ${unknown}`,
      );
    for (const name of [...Object.keys(headers), ...announced]) {
      const [, algorithm] = CHECKSUM_HEADER.exec(name) ?? [];
      const create = CHECKSUMS[algorithm ?? ''];
      if (create) this.#checksums.set(name, create());
    }
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    for (const each of [this.#md5, this.#sha256, ...this.#checksums.values()]) each.update(bytes);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The hashes of the body, and the verified checksums by their headers.
   * @throws {S3Error} if a hash or checksum from the client does not match
   */
  finish(trailers: Map<string, string>): {
    eTag: string;
    versionId: string;
    verified: Record<string, string>;
  } {
    const md5 = this.#md5.digest();
    const sha256 = this.#sha256.digest('hex');
    this.#compareMd5(md5);
    const signed = String(this.#headers['x-amz-content-sha256'] ?? '');
    if (/^[0-9a-f]{64}$/.test(signed) && signed !== sha256) {
      throw new S3Error(
        400,
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { ClientComputedContentSHA256: signed, S3ComputedContentSHA256: sha256 },
      );
    }
    const verified: Record<string, string> = {};
    for (const [name, checksum] of this.#checksums) {
      const given = this.#headers[name] ?? trailers.get(name);
      if (given === undefined)
        throw new S3Error(
          400,
          'MalformedTrailerError',
          `The trailing header ${name} that x-amz-trailer names is missing`,
        );
      const computed = checksum.digest().toString('base64');
      if (given !== computed) {
        const algorithm = name.slice('x-amz-checksum-'.length).toUpperCase();
        throw new S3Error(
          400,
          'BadDigest',
          `The ${algorithm} you specified did not match the calculated checksum.`,
        );
      }
      verified[name] = computed;
    }
    return { eTag: md5.toString('hex'), versionId: sha256, verified };
  }

  #compareMd5(md5: Buffer): void {
    const given = this.#headers['content-md5'];
    if (given === undefined) return;
    const digest = Buffer.from(String(given), 'base64');
    if (digest.length !== 16)
      throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
    if (!digest.equals(md5))
      throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}
