/**
 * The policy of an upload form: which fields it must have, how large the file may be, and until when.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { isObject, type Json } from '../assembly/values/json';
import { S3Error } from './s3-error';

interface FieldCondition {
  how: 'eq' | 'starts-with';
  /** In lower case. */
  field: string;
  /** As the policy writes it. */
  name: string;
  value: string;
}

export interface SizeRange {
  min: number;
  max: number;
}

/** Fields that need no condition. Fields whose names begin with `x-ignore-` need none, either. */
const FREE_FIELDS = new Set(['x-amz-signature', 'policy', 'file']);

export class PostPolicy {
  readonly #expiresAt: number;
  readonly #conditions: FieldCondition[] = [];
  readonly #ranges: SizeRange[] = [];

  /** @throws {S3Error} if the text is not a policy in Base64 */
  constructor(encoded: string) {
    const { expiration, conditions } = decoded(encoded);
    this.#expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
    if (expiration === undefined) throw invalidPolicy('Policy missing expiration.');
    if (
      typeof expiration !== 'string' ||
      !/^\d{4}-\d\d-\d\dT/.test(expiration) ||
      Number.isNaN(this.#expiresAt)
    )
      throw invalidPolicy("Invalid 'expiration' value: must be a date in ISO 8601.");
    if (!Array.isArray(conditions)) throw invalidPolicy('Policy missing conditions.');
    for (const condition of conditions) this.#read(condition);
  }

  /**
   * @param now in milliseconds since the epoch
   * @throws {S3Error} if the policy does not allow the form
   */
  check(fields: ReadonlyMap<string, string>, bucketName: string, now: number): void {
    if (this.#expiresAt <= now) throw refusal('Policy expired.');
    const values = new Map(fields).set('bucket', bucketName);
    for (const condition of this.#conditions) {
      if (isMet(condition, values.get(condition.field))) continue;
      const { how, name, value } = condition;
      throw refusal(`Policy Condition failed: ["${how}", "$${name}", "${value}"]`);
    }
    const covered = new Set(this.#conditions.map(({ field }) => field));
    const extra = [...fields.keys()].filter(
      (name) => !FREE_FIELDS.has(name) && !name.startsWith('x-ignore-') && !covered.has(name),
    );
    if (extra.length > 0) throw refusal(`Extra input fields: ${extra.join(', ')}`);
  }

  /** The sizes, in bytes, that all conditions allow. */
  get sizeRange(): SizeRange {
    return {
      min: Math.max(0, ...this.#ranges.map(({ min }) => min)),
      max: Math.min(Number.POSITIVE_INFINITY, ...this.#ranges.map(({ max }) => max)),
    };
  }

  #read(condition: Json): void {
    if (isObject(condition)) {
      const [[name, value] = [], ...others] = Object.entries(condition);
      if (name === undefined || others.length > 0)
        throw invalidPolicy(
          'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
        );
      if (typeof value !== 'string') throw invalidPolicy('Invalid Simple-Condition: value must be a string.');
      this.#conditions.push({ how: 'eq', field: name.toLowerCase(), name, value });
      return;
    }
    const [operator, ...operands] = Array.isArray(condition) ? condition : [];
    const how = typeof operator === 'string' ? operator.toLowerCase() : undefined;
    if (how === 'content-length-range') {
      const [min, max] = operands.map(size);
      if (min === undefined || max === undefined || operands.length !== 2)
        throw invalidPolicy('Invalid content-length-range: it must have two sizes in bytes.');
      this.#ranges.push({ min, max });
    } else if (how === 'eq' || how === 'starts-with') {
      const [name, value] = operands;
      if (
        typeof name !== 'string' ||
        !name.startsWith('$') ||
        typeof value !== 'string' ||
        operands.length !== 2
      )
        throw invalidPolicy(`Invalid ${how}: it must have a field such as $key, and a string.`);
      this.#conditions.push({ how, field: name.slice(1).toLowerCase(), name: name.slice(1), value });
    } else {
      throw invalidPolicy(
        'Invalid Condition: it must be an object, or a list with eq, starts-with or content-length-range.',
      );
    }
  }
}

/** Each type of a list in Content-Type must begin with the value. */
function isMet({ how, field, value }: FieldCondition, given: string | undefined): boolean {
  if (given === undefined) return false;
  if (how === 'eq') return given === value;
  const all = field === 'content-type' ? given.split(',').map((one) => one.trim()) : [given];
  return all.every((one) => one.startsWith(value));
}

function size(value: Json): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function decoded(encoded: string): { expiration?: Json; conditions?: Json } {
  try {
    const policy: Json = JSON.parse(Buffer.from(encoded, 'base64').toString());
    if (isObject(policy)) return policy;
  } catch {
    // Refused below.
  }
  throw invalidPolicy('Invalid JSON.');
}

function refusal(reason: string): S3Error {
  return new S3Error(403, 'AccessDenied', `Invalid according to Policy: ${reason}`);
}

function invalidPolicy(reason: string): S3Error {
  return new S3Error(400, 'InvalidPolicyDocument', `Invalid Policy: ${reason}`);
}
