/** One channel of a service, as any process sees it: publish to it, put connections into it, take them out. */
import { SharedConnection } from '../connections/shared-connection';
import type { DeliveryReport } from '../delivery/delivery';
import { InvalidValueError } from '../errors';
import type { PublishOptions, Service } from '../service';
import { type ChannelRule, ruleOf } from './channel-rules';
import { assertChannelName } from './channel-store';

export interface Published {
  /** What became of the posts, if this process made them. */
  report?: DeliveryReport;
}

export class Channel {
  /** What the server class says of this channel; nothing in a process that does not know the class. */
  readonly rule: ChannelRule;

  /** `service.channel(name)` makes one. @throws InvalidValueError for a name that is not valid */
  constructor(
    private readonly service: Service,
    readonly name: string,
  ) {
    assertChannelName(name);
    this.rule = ruleOf(service.channelRules, name);
  }

  /**
   * Sends `data`, which is anything that JSON takes, to everyone in the channel; text as it is.
   * @throws InvalidValueError for what JSON does not take, MessageTooLargeError
   */
  async publish(data: unknown, options: PublishOptions = {}): Promise<Published> {
    const text = typeof data === 'string' ? data : jsonOf(data);
    return { report: await this.service.publish(this.name, text, options) };
  }

  /** Puts a connection into the channel. @throws as `SharedConnection.open` and `SharedConnection.subscribe` */
  async subscribe(webSocketId: string): Promise<boolean> {
    return (await this.#open(webSocketId)).subscribe(this.name);
  }

  /** Takes a connection out of the channel. @throws as `SharedConnection.open` and `SharedConnection.unsubscribe` */
  async unsubscribe(webSocketId: string): Promise<boolean> {
    return (await this.#open(webSocketId)).unsubscribe(this.name);
  }

  #open(webSocketId: string): Promise<SharedConnection> {
    const { backend, deadline } = this.service;
    return SharedConnection.open(webSocketId, { backend, deadline });
  }
}

/** @throws InvalidValueError */
function jsonOf(data: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new InvalidValueError(`What is published must be what JSON takes: ${String(cause)}.`, { cause });
  }
  if (text === undefined) {
    throw new InvalidValueError(
      `What is published must be what JSON takes: text, numbers, true, false, null, lists and objects, not ${typeof data}.`,
    );
  }
  return text;
}
