/**
 * Publications that are too large for a client's frame. The client calls a procedure for each part of the data's JSON
 * text, and the last part publishes all of it, once.
 *
 * CONNECTION#{id} / PART#{upload}#{part}   a part, until it expires
 * CONNECTION#{id} / PART#{upload}#done     its publication, as in `once`
 */
import { assertClientChannel } from '../channels/client-requests';
import { connectionKey } from '../connections/connection-items';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import { fingerprintOf } from '../messages/fingerprint';
import type { Service } from '../service';
import { always } from '../table/conditions';
import { expiryAfter, type Item } from '../table/item';
import { pages } from '../table/table';
import { isObject } from './json-object';
import { once } from './once';
import { errors } from './realtime-errors';

/** The procedure's name. `onRpc` does not get it. */
export const PUBLISH_IN_PARTS = 'shared-connection:publish';
/** Parts of 10,000 characters fit into a frame whatever is in them, and 14 of them hold as much as API Gateway sends. */
export const MOST_PARTS = 16;
const KEPT_SECONDS = 5 * 60;
const UPLOAD = /^[A-Za-z0-9_-]{1,64}$/;
const DIGITS = 2;

/** A part of a client's data, as it is sent and as it is stored. */
interface Part {
  channel: string;
  /** The client's name for all parts of one publication. */
  upload: string;
  /** From 1. */
  part: number;
  of: number;
  text: string;
}

export class PublicationParts {
  constructor(
    private readonly service: Service,
    private readonly webSocketId: string,
  ) {}

  /**
   * Stores a part: one write. The last part is not stored, but publishes all of them: one query and two writes. A
   * client that sends it again, because the answer was late, gets the first answer. If the publication failed or was
   * refused, it is tried again.
   * @throws RealtimeError for an invalid part, if an earlier part is missing, or if they are too large together
   */
  async add(
    sent: unknown,
    publish: (publication: { channel: string; data: unknown }) => Promise<object>,
  ): Promise<object> {
    const part = partOf(sent);
    const { channel, upload } = part;
    if (part.part < part.of) {
      await this.#store(part);
      return {};
    }
    const texts = [...(await this.#earlier(part)), part.text];
    const text = texts.join('');
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_MESSAGE_BYTES)
      throw errors.limitExceeded(
        `the data has ${bytes} bytes, and API Gateway sends at most ${MAX_MESSAGE_BYTES}`,
      );
    const data = parsed(text);
    const attempt = {
      key: { pk: this.#pk, sk: `${prefixOf(upload)}done` },
      name: `upload ${upload}`,
      digest: fingerprintOf([channel, text]),
    };
    return once(this.service, attempt, () => publish({ channel, data }));
  }

  /** Only this connection's frames write to its partition, and a part that is sent again replaces itself. */
  async #store({ upload, part, text, ...others }: Part): Promise<void> {
    const { table, clock } = this.service.backend;
    await table.put(
      {
        ...{ pk: this.#pk, sk: `${prefixOf(upload)}${String(part).padStart(DIGITS, '0')}` },
        ...others,
        // A part may end in the middle of a character, which only JSON preserves.
        text: JSON.stringify(text),
        expiresAt: expiryAfter(clock.now(), KEPT_SECONDS),
      },
      always,
    );
  }

  async #earlier({ upload, channel, of }: Part): Promise<string[]> {
    if (of === 1) return [];
    const stored = new Map<number, Item>();
    const prefix = prefixOf(upload);
    for await (const page of pages(this.service.backend.table, { pk: this.#pk, prefix })) {
      for (const item of page) stored.set(Number(item.sk.slice(prefix.length)), item);
    }
    return Array.from({ length: of - 1 }, (_, n) => {
      const item = stored.get(n + 1);
      if (item?.channel === channel && item.of === of) return JSON.parse(item.text as string) as string;
      throw errors.badRequest(`part ${n + 1} of ${of} is missing, or is not one of this publication`);
    });
  }

  get #pk(): string {
    return connectionKey(this.webSocketId).pk;
  }
}

function prefixOf(upload: string): string {
  return `PART#${upload}#`;
}

/** What a client sent, which is anything. */
function partOf(sent: unknown): Part {
  if (!isObject(sent)) throw errors.badRequest('a part must be an object');
  const { channel, upload, part, of, text } = sent;
  assertClientChannel(channel);
  if (typeof upload !== 'string' || !UPLOAD.test(upload))
    throw errors.badRequest('upload must have 1 to 64 letters, digits, "_" and "-"');
  if (!isWhole(of, MOST_PARTS)) throw errors.badRequest(`of must be a whole number from 1 to ${MOST_PARTS}`);
  if (!isWhole(part, of)) throw errors.badRequest(`part must be a whole number from 1 to ${of}`);
  if (typeof text !== 'string' || text === '') throw errors.badRequest('text must be a part of a JSON text');
  return { channel, upload, part, of, text };
}

function isWhole(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw errors.badRequest('the parts together are not JSON');
  }
}
