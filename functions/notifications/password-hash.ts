/**
 * A password's hash, as `scrypt$N$r$p$salt$hash`: scrypt's cost, block size and parallelization, then salt and hash
 * in base64url. Each hash says how to check it, so the cost can grow with new passwords.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 16 MB and about 50 ms on a whole CPU. Source: OWASP Password Storage Cheat Sheet, "scrypt": N=2^14, r=8, p=5. */
const DEFAULT_COST = { N: 2 ** 14, r: 8, p: 5 };
/** A function of 256 MB can check several at once. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const MAX_PARALLELIZATION = 16;
const MIN_SALT_BYTES = 16;
const MIN_HASH_BYTES = 32;
const FORM =
  /^scrypt\$(?<N>\d{1,8})\$(?<r>\d{1,3})\$(?<p>\d{1,3})\$(?<salt>[\w-]{22,128})\$(?<hash>[\w-]{43,128})$/;

interface Cost {
  N: number;
  r: number;
  p: number;
}

export class PasswordHash {
  private constructor(
    private readonly cost: Cost,
    private readonly salt: Buffer,
    private readonly hash: Buffer,
  ) {}

  /** `undefined` if the text is not a hash that this can check. */
  static parse(text: string): PasswordHash | undefined {
    const { N = '', r = '', p = '', salt = '', hash = '' } = FORM.exec(text)?.groups ?? {};
    const cost = { N: Number(N), r: Number(r), p: Number(p) };
    const made = new PasswordHash(cost, Buffer.from(salt, 'base64url'), Buffer.from(hash, 'base64url'));
    return made.#isSound() ? made : undefined;
  }

  static async of(password: string): Promise<PasswordHash> {
    const salt = randomBytes(MIN_SALT_BYTES);
    return new PasswordHash(DEFAULT_COST, salt, await derive(password, salt, MIN_HASH_BYTES, DEFAULT_COST));
  }

  /** A hash of no password, which costs as much to check. */
  static resembling(this: void, other: PasswordHash | undefined): PasswordHash {
    const saltBytes = other?.salt.length ?? MIN_SALT_BYTES;
    const hashBytes = other?.hash.length ?? MIN_HASH_BYTES;
    return new PasswordHash(other?.cost ?? DEFAULT_COST, randomBytes(saltBytes), randomBytes(hashBytes));
  }

  /** The cost of a check. Two hashes with the same text take equally long. */
  get costText(): string {
    const { N, r, p } = this.cost;
    return [N, r, p].join('$');
  }

  async matches(password: string): Promise<boolean> {
    return timingSafeEqual(await derive(password, this.salt, this.hash.length, this.cost), this.hash);
  }

  toString(): string {
    return ['scrypt', this.costText, this.salt.toString('base64url'), this.hash.toString('base64url')].join(
      '$',
    );
  }

  #isSound(): boolean {
    const { N, r, p } = this.cost;
    const isPowerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
    return (
      isPowerOfTwo && r > 0 && memoryOf(this.cost) <= MAX_MEMORY_BYTES && p > 0 && p <= MAX_PARALLELIZATION
    );
  }
}

function memoryOf({ N, r }: Cost): number {
  return 128 * N * r;
}

/** Normalizes the text, because different keyboards may encode the same password differently. */
function derive(password: string, salt: Buffer, bytes: number, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 2 * MAX_MEMORY_BYTES };
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
