/**
 * The log of one channel, for any process: stores lines and subscriptions, and has them posted by a process that is
 * allowed to post.
 */
import type { Member } from '../../connections/connection-items';
import { MAX_MESSAGE_BYTES } from '../../delivery/delivery';
import { InvalidUseError, InvalidValueError, MessageTooLargeError } from '../../errors';
import { jsonText } from '../../messages/json-text';
import type { ServiceContext } from '../../service-context';
import type { LogRule } from '../channel-rules';
import type { ClientRequest } from '../client-order';
import type { History, HistoryOptions } from './history';
import { LineLog, type LogOwner } from './line-log';
import { type LogState, type Position, posterKey, WHOLE_CHANNEL } from './log-items';
import { LoggedChannels } from './logged-channels';
import { Poster } from './poster';
import { isHeld } from './poster-lease';

/** Of a channel with a log. */
export interface SubscribeOptions {
  /** The client's last position. It receives what it has missed since then, if the log still has all of it. */
  since?: Position;
  /** What JSON takes: handed to `encodeJoined`, such as the id of the client's request. */
  request?: unknown;
  /** Whether the server subscribes without a request from the client. Passed to `encodeResubscribe`. @default false */
  byServer?: boolean;
}

/** What JSON and the names around it add to a line. */
const ENVELOPE_BYTES = 1_024;
const MOST_HISTORY = 10_000;

export class ChannelLog {
  readonly #lines: LineLog;

  constructor(
    private readonly service: ServiceContext,
    private readonly channel: string,
    /** `undefined` if the class has none for this channel, or is not known. */
    private readonly rule: LogRule | undefined,
  ) {
    this.#lines = new LineLog(service.backend, { service: service.name, channel });
  }

  /** As the class says, or, where that is not known, as the table does. */
  async exists(): Promise<boolean> {
    if (this.service.channelRules) return this.rule !== undefined;
    return (await this.#lines.state()) !== undefined;
  }

  /** @throws InvalidUseError for a channel without a log */
  async history(options: HistoryOptions): Promise<History> {
    const { limit = 100 } = options;
    if (!Number.isInteger(limit) || limit < 0 || limit > MOST_HISTORY) {
      throw new InvalidValueError(
        `limit is ${String(limit)}, but must be a whole number from 0 to ${MOST_HISTORY}.`,
      );
    }
    if (this.service.channelRules && !this.rule) throw this.#isMissing('history');
    const history = await this.#lines.history(options);
    if (history) return history;
    if (!this.rule) throw this.#isMissing('history');
    const { epoch, offset } = await this.#lines.begin(this.#owner(this.rule));
    return { epoch, offset, lines: [], ...(options.since && { recovered: false }) };
  }

  /** Stores a line, and has it posted. `undefined` if the channel has no log. */
  async publish(data: unknown, info: unknown, except: string | string[] = []): Promise<Position | undefined> {
    const { service, rule } = this;
    if (!rule && (service.channelRules || !(await this.#lines.state()))) return undefined;
    if ([except].flat().length > 0) {
      throw new InvalidUseError(
        `The channel ${this.channel} has a log, whose lines everybody gets: a publication cannot leave anybody out (except).`,
      );
    }
    const text = {
      data: jsonText(data, WHAT),
      ...(info !== undefined && { info: jsonText(info, WHAT) }),
    };
    this.#assertFits(text, data, info);
    await new LoggedChannels(service).add(this.channel);
    const log = await this.#lines.append(text, rule && this.#owner(rule));
    if (!log) return undefined;
    await this.#wake({ serverFunction: log.serverFunction, hasLine: true, log });
    return { epoch: log.epoch, offset: log.offset };
  }

  /** Stores a subscription. The client receives its position and what it has missed. */
  async join(
    member: Member,
    { since, request, byServer = false }: SubscribeOptions,
    most?: number,
    by?: ClientRequest,
  ): Promise<boolean> {
    const asked = {
      token: this.service.backend.token(),
      byServer,
      ...(by && { by }),
      ...(since && { since: positionOf(since) }),
      ...(request !== undefined && { request: jsonText(request, WHAT) }),
    };
    await new LoggedChannels(this.service).add(this.channel);
    if (!(await this.service.channels.join(member, this.channel, asked, most))) return false;
    await this.#wake({ serverFunction: member.serverFunction, hasLine: false });
    return true;
  }

  /** Posts what is waiting, in an invocation of its own. */
  async post(range: string): Promise<void> {
    await this.#poster(this.service.serverFunction, range)?.run({ hasLine: false, inline: false });
  }

  /** Posts what a crashed poster has left. Returns whether there was nothing to do and no poster is active. */
  async mend(range: string): Promise<boolean> {
    return (await this.#poster(this.service.serverFunction, range)?.mend()) ?? true;
  }

  /** Before it is stored: a line that cannot be sent must not be. */
  #assertFits(text: { data: string; info?: string }, data: unknown, info: unknown): void {
    const { frames, backend } = this.service;
    const bytes = frames
      ? Math.max(
          0,
          ...frames
            .encodeLines(this.channel, [
              {
                ...{ epoch: 'x'.repeat(8), offset: Number.MAX_SAFE_INTEGER, at: backend.clock.now(), data },
                ...(info !== undefined && { info }),
              },
            ])
            .map((frame) => Buffer.byteLength(frame)),
        )
      : Buffer.byteLength(text.data) + Buffer.byteLength(text.info ?? '') + ENVELOPE_BYTES;
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new MessageTooLargeError(bytes, MAX_MESSAGE_BYTES, Buffer.byteLength(text.data));
    }
  }

  /** Has the stored lines posted: here if this process may post, or else in an invocation of the service's own function. */
  async #wake({
    serverFunction,
    hasLine,
    log,
  }: {
    serverFunction: string;
    hasLine: boolean;
    log?: LogState;
  }): Promise<void> {
    const range = WHOLE_CHANNEL;
    const poster = this.#poster(serverFunction, range);
    if (!poster) return this.#ask(serverFunction, range);
    try {
      await poster.run({ hasLine, inline: true, ...(log && { epoch: log.epoch }) });
    } catch (error) {
      // What was to be done is stored: another invocation does it.
      console.error(`Posting to the channel ${this.channel} failed: ${String(error)}`);
      await this.#requestLater(serverFunction, range);
    }
  }

  async #ask(serverFunction: string, range: string): Promise<void> {
    const { table, clock } = this.service.backend;
    const row = await table.get(posterKey(this.#lines.name, range));
    if (!row || !isHeld(row, clock.now())) await this.#request(serverFunction, range);
  }

  async #request(serverFunction: string, range: string): Promise<void> {
    const { channel } = this;
    await this.service.backend.invoker.invoke(serverFunction, { type: 'post', channel, range });
  }

  /**
   * If even this fails, the next publisher or the sweep posts it. The caller must not believe that it was not stored.
   */
  async #requestLater(serverFunction: string, range: string): Promise<void> {
    try {
      await this.#request(serverFunction, range);
    } catch (error) {
      console.error(`Another invocation could not be asked to post to ${this.channel}: ${String(error)}`);
    }
  }

  /** `undefined` in a process that does not know how the class encodes lines. */
  #poster(serverFunction: string | undefined, range: string): Poster | undefined {
    const { service, rule } = this;
    const { frames } = service;
    if (!frames) return undefined;
    return new Poster({
      ...{ service, frames, range, log: this.#lines },
      begin: async () => rule && this.#lines.begin(this.#owner(rule)),
      ...(serverFunction && { goOn: () => this.#request(serverFunction, range) }),
    });
  }

  #owner(rule: LogRule): LogOwner {
    return { rule, serverFunction: this.service.serverFunction ?? '' };
  }

  #isMissing(method: string): InvalidUseError {
    return new InvalidUseError(
      `The channel ${this.channel} has no log, so ${method} has nothing to read. Give it one in \`static channels\` of its server class: { ${JSON.stringify(this.channel)}: { log: { size: 100, seconds: 3600 } } }.`,
    );
  }
}

/** What an error says of data that JSON does not take. */
const WHAT = 'A publication must be JSON';

/** Reads a position from a client. @throws InvalidValueError for anything else */
function positionOf({ epoch, offset }: Position): Position {
  if (typeof epoch === 'string' && epoch.length <= 64 && Number.isSafeInteger(offset) && offset >= 0) {
    return { epoch, offset };
  }
  throw new InvalidValueError(
    `since must have an epoch, which is text, and an offset, which is a whole number of 0 or more, not ${JSON.stringify({ epoch, offset })}.`,
  );
}
