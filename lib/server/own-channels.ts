/** Subscribes and unsubscribes a connection in a hook of its server class. */

import { assertChannelName } from '../channels/channel-names';
import { ruleOf } from '../channels/channel-rules';
import type { ClientRequest } from '../channels/client-order';
import type { SubscribeOptions } from '../channels/log/channel-log';
import { InvalidUseError, TooManyChannelsError } from '../errors';
import type { MessageEvent } from '../handlers/events';
import type { ServerContext } from './server-context';

export class OwnChannels {
  constructor(
    private readonly context: ServerContext,
    private readonly most: number,
  ) {}

  /** @throws TooManyChannelsError, InvalidValueError, InvalidUseError for options that have no effect here */
  async subscribe(channel: string, options: SubscribeOptions): Promise<boolean> {
    assertChannelName(channel);
    const { hook, service, member } = this.context;
    const { log } = ruleOf(service.channelRules, channel);
    if (!log && options.since) {
      throw new InvalidUseError(
        `The channel ${channel} has no log, so \`since\` has no effect: nothing that was missed can be sent. Give the channel a log in \`static channels\`, or leave \`since\` out.`,
      );
    }
    if (hook === 'onPreServer') return this.#accept(channel, options);
    if (log) return service.channel(channel).join(member, options, this.most, this.#frame);
    return service.subscribe(member, channel, this.most, this.#frame);
  }

  async unsubscribe(channel: string): Promise<boolean> {
    assertChannelName(channel);
    const { hook, service, member, channels } = this.context;
    if (hook === 'onPreServer') return channels?.delete(channel) ?? false;
    return service.unsubscribe(member, channel, this.#frame);
  }

  async names(): Promise<string[]> {
    const { hook, service, member, channels } = this.context;
    return hook === 'onPreServer' ? [...(channels ?? [])] : service.channels.channelsOf(member.webSocketId);
  }

  /** Before the handshake is answered, subscriptions are only collected. */
  #accept(channel: string, { since, request }: SubscribeOptions): boolean {
    const { channels = new Set(), member } = this.context;
    if (since || request !== undefined) {
      throw new InvalidUseError(
        `subscribe(${JSON.stringify(channel)}) in onPreServer of WebSocket ${member.webSocketId} cannot be answered before the handshake has finished. Subscribe in server() or onClientMessage, or without \`since\` and \`request\`.`,
      );
    }
    if (!channels.has(channel) && channels.size >= this.most) {
      throw new TooManyChannelsError(member.webSocketId, channel, this.most);
    }
    channels.add(channel);
    return true;
  }

  /** The client's frame that this hook handles. */
  get #frame(): ClientRequest | undefined {
    const { hook, event, requestTime: at } = this.context;
    if (hook !== 'onClientMessage' || !event) return undefined;
    return { at, messageId: (event as MessageEvent).requestContext.messageId };
  }
}
