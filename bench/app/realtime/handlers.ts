/** A realtime service whose procedures return their input. */
import { type ChannelRules, createHandlers } from '../../../lib';
import { RealtimeServer } from '../../../lib/realtime';

class LobbyServer extends RealtimeServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };
  static override readonly channels: ChannelRules = {
    'room/*': { log: { size: 300, seconds: 86_400 }, presence: true },
  };
  override async onSubscribe() {
    return true;
  }
  override async onPublish() {
    return true;
  }
  override async onRpc(_method: string, data: unknown) {
    return data;
  }
}

export const { routes, server } = createHandlers(LobbyServer);
