/**
 * API Gateway's identifiers: 11 bytes as URL-safe base64 with its `=`, where the last two bits are always 0. In
 * observed ids, the first bytes grow with time (ticks of 100 ms), two bytes stand for the region, one for the kind,
 * and the last two for a host.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '../clock';

const ID = /^[A-Za-z0-9_-]{14}[AQgw]=$/;
const KIND = { message: 0x02, request: 0x05 };
const TICK_MILLIS = 100;
const SEQUENCE_BITS = 18;
const RANDOM_STORE_BYTES = 1_536;
const SEEN_REGIONS: Record<string, number> = {
  'us-east-1': 0xa003,
  'us-west-2': 0xbc77,
  'eu-west-1': 0x8e81,
  'ap-northeast-1': 0xa917,
};

/** Whether `text` has the form of a connection id. @connections answers 400 to anything else. */
export function isConnectionId(text: string): boolean {
  return ID.test(text);
}

export class Ids {
  readonly #clock: Clock;
  readonly #regionTag: number;
  readonly #messageHost = randomInt(0x4000) << 2;
  readonly #requestHost = randomInt(0x4000) << 2;
  #sequence = randomInt(2 ** SEQUENCE_BITS);
  #random = '';

  constructor(region: string, clock: Clock) {
    this.#clock = clock;
    this.#regionTag = SEEN_REGIONS[region] ?? tagOf(region);
  }

  connectionId(): string {
    return this.#next(KIND.message, this.#messageHost);
  }

  messageId(): string {
    return this.#next(KIND.message, this.#messageHost);
  }

  /** Also the form of `extendedRequestId` and of the header `x-amz-apigw-id`. */
  requestId(): string {
    return this.#next(KIND.request, this.#requestHost);
  }

  /** The form of the header `x-amzn-requestid`. */
  awsRequestId(): string {
    return randomUUID();
  }

  traceId(): string {
    const seconds = Math.floor(this.#clock.now() / 1000);
    return `Root=1-${seconds.toString(16).padStart(8, '0')}-${this.#randomHex(24)}`;
  }

  /** Buffered, because a call to the system's random source takes longer than the rest of an id. */
  #randomHex(digits: number): string {
    if (this.#random.length < digits) this.#random = randomBytes(RANDOM_STORE_BYTES).toString('hex');
    const taken = this.#random.slice(0, digits);
    this.#random = this.#random.slice(digits);
    return taken;
  }

  /** Unique if fewer than 2^18 ids are created in one tick. */
  #next(kind: number, host: number): string {
    this.#sequence = (this.#sequence + 1) % 2 ** SEQUENCE_BITS;
    const tick = Math.floor(this.#clock.now() / TICK_MILLIS) % 2 ** 30;
    const bytes = Buffer.allocUnsafe(11);
    bytes.writeUIntBE(tick * 2 ** SEQUENCE_BITS + this.#sequence, 0, 6);
    bytes.writeUInt16BE(this.#regionTag, 6);
    bytes.writeUInt8(kind, 8);
    bytes.writeUInt16BE(host, 9);
    return `${bytes.toString('base64url')}=`;
  }
}

function tagOf(region: string): number {
  let tag = 0;
  for (const character of region) tag = (tag * 31 + character.charCodeAt(0)) & 0xffff;
  return tag;
}
