/** Mutated WebSocket frames and HTTP requests, the same for the same seed. */
import { seededRandom } from '../../local/faults/seeded-random';
import { clientFrame } from '../local/gateway/raw-client';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class Mutations {
  readonly #random: () => number;

  constructor(seed: number, name: string) {
    this.#random = seededRandom(`${seed}/${name}`);
  }

  /** One frame. Most frames are valid for a client, so that a connection lives for about fifty of them. */
  frame(): Buffer {
    const frame = this.#frame();
    if (this.#random() < 0.98) return frame;
    return this.#pick([
      () => this.#flipBits(frame, Math.min(frame.length, 14)),
      () => frame.subarray(0, this.#below(frame.length + 1)),
      () => Buffer.concat([frame, this.#bytes(this.#below(20))]),
      () => this.#bytes(1 + this.#below(40)),
      () =>
        clientFrame(this.#bytes(this.#below(200)), { opcode: this.#below(16), final: this.#random() < 0.5 }),
      () => clientFrame('x', { rsv: 0x10 * (1 + this.#below(7)) }),
      () => clientFrame('x', { masked: false }),
      () =>
        clientFrame('x', {
          announcedLength: this.#pick([126, 65_535, 65_536, 2 ** 31, 2 ** 40, 2 ** 53 - 1]),
        }),
      () => clientFrame('x'.repeat(32_769)),
      () => clientFrame(this.#bytes(this.#below(130)), { opcode: CLOSE }),
      () => clientFrame(this.#bytes(126), { opcode: PING, announcedLength: 126 }),
    ]);
  }

  #frame(): Buffer {
    const kind = this.#random();
    if (kind < 0.3) return clientFrame(this.#bytes(this.#below(126)), { opcode: PING });
    if (kind < 0.5) return clientFrame(this.#bytes(this.#below(126)), { opcode: PONG });
    if (kind < 0.7) return this.#fragments();
    if (kind < 0.72) return clientFrame('y'.repeat(this.#below(32_768)));
    return clientFrame(JSON.stringify({ action: this.#word(), text: this.#word().repeat(this.#below(20)) }));
  }

  /** One message in several frames, perhaps with a ping between them. It counts as one frame. */
  #fragments(): Buffer {
    const parts = [clientFrame(this.#word(), { opcode: TEXT, final: false })];
    for (let count = this.#below(4); count > 0; count--) {
      if (this.#random() < 0.2) parts.push(clientFrame('', { opcode: PING }));
      parts.push(clientFrame(this.#word(), { opcode: 0, final: false }));
    }
    return Buffer.concat([...parts, clientFrame('', { opcode: 0 })]);
  }

  /** One of the requests with one to three mutations. */
  request(templates: Buffer[]): Buffer {
    let bytes = this.#pick(templates.map((template) => () => template));
    for (let count = 1 + this.#below(3); count > 0; count--) bytes = this.#mutated(bytes);
    return bytes;
  }

  #mutated(bytes: Buffer): Buffer {
    const from = this.#below(bytes.length);
    const to = Math.min(bytes.length, from + 1 + this.#below(20));
    const insert = (middle: Buffer) => Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(from)]);
    return this.#pick([
      () => this.#flipBits(bytes, bytes.length),
      () => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]),
      () => insert(bytes.subarray(from, to)),
      () => insert(this.#bytes(1 + this.#below(10))),
      () => insert(Buffer.from(this.#pick(FRAGMENTS.map((text) => () => text)))),
      () => this.#withLine(bytes, this.#pick(HEADERS.map((text) => () => text))),
      () => bytes.subarray(0, from),
    ]);
  }

  /** After the request line, where the guard and the parsers look first. */
  #withLine(bytes: Buffer, line: string): Buffer {
    const at = bytes.indexOf('\r\n') + 2;
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(`${line}\r\n`), bytes.subarray(at)]);
  }

  #flipBits(bytes: Buffer, within: number): Buffer {
    const changed = Buffer.from(bytes);
    for (let count = 1 + this.#below(3); count > 0 && within > 0; count--) {
      const at = this.#below(within);
      changed[at] = (changed[at] ?? 0) ^ (1 << this.#below(8));
    }
    return changed;
  }

  #word(): string {
    return this.#pick(
      ['', 'a', 'say', 'é', '😀', '\0', 'constructor', '__proto__'].map((word) => () => word),
    );
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<Value>(choices: ((() => Value) | Value)[]): Value {
    const chosen = choices[this.#below(choices.length)];
    return typeof chosen === 'function' ? (chosen as () => Value)() : (chosen as Value);
  }
}

const FRAGMENTS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\0',
    '%00',
    '%',
    '%2e%2e%2f',
    '../',
    '//',
    '?',
    '&',
    '[[[[[[[[',
    '{"a":',
    'null',
    '<Part>',
  ],
  ...['\u001b[2J', 'é', 'x'.repeat(9_000), 'x'.repeat(20_000), '0\r\n\r\n', 'ffffffffffff\r\n'],
];

const HEADERS = [
  ...[
    'transfer-encoding: chunked',
    'content-length: 5',
    'content-length: -1',
    'content-length: 999999999999',
  ],
  ...[
    'connection: close',
    'connection: upgrade',
    'upgrade: h2c',
    'upgrade: websocket',
    'expect: 100-continue',
  ],
  ...[
    'host: example.com',
    'origin: http://evil.example',
    'range: bytes=5-1',
    'if-none-match: "',
    'x-amz-trailer: x',
  ],
  ...[
    'content-encoding: aws-chunked',
    'x-amz-decoded-content-length: 1',
    'content-md5: x',
    'x-amz-date: never',
  ],
];
