/**
 * Rooms for Centrifuge's clients. Channels that begin with `public:` are open to anybody; others need a subscription
 * token.
 */
import type { ChannelRules } from '../../lib';
import {
  type Connected,
  type ConnectRequest,
  RealtimeServer,
  type SubscribeRequest,
} from '../../lib/realtime';
import { guestOf } from './guest';

const PUBLIC = 'public:';

export class RoomsServer extends RealtimeServer {
  static override readonly anonymous = true;
  static override readonly channels: ChannelRules = {
    [`${PUBLIC}*`]: { log: { size: 300, seconds: 24 * 60 * 60 }, presence: true, joinLeave: true },
    '*': { log: { size: 300, seconds: 24 * 60 * 60 }, presence: true },
  };

  override async onConnect(request: ConnectRequest): Promise<Connected> {
    const connected = await super.onConnect(request);
    const isKnown = connected.user !== undefined || this.user !== undefined;
    return isKnown ? connected : { ...connected, ...(await guestOf(request.data)) };
  }

  override async onSubscribe(channel: string, request?: SubscribeRequest) {
    return channel.startsWith(PUBLIC) || super.onSubscribe(channel, request);
  }

  /** Subscribers of a channel may publish to it. */
  override async onPublish(channel: string) {
    return (await this.channels()).includes(channel);
  }
}
