/**
 * Has channels that are open and channels that need a token. Notes what the client has sent, so that the client can
 * request it.
 */
import { type ChannelRules, createHandlers } from '../../../../lib';
import { RealtimeServer, type SubscribeRequest } from '../../../../lib/realtime';

const LOG = { size: 300, seconds: 3_600 };

class LobbyServer extends RealtimeServer {
  static override readonly limits = { messagesPerSecond: 500 };
  static override readonly channels: ChannelRules = {
    'public:*': { log: LOG, presence: true, joinLeave: true },
    'short:*': { log: { size: 5, seconds: 3_600 } },
    'inbox:*': { log: LOG },
  };

  override async onSubscribe(channel: string, request?: SubscribeRequest) {
    if (channel.startsWith('public:') || channel.startsWith('short:')) return true;
    const decision = await super.onSubscribe(channel, request);
    await this.#note(channel);
    return decision;
  }

  override async onPublish(channel: string) {
    return !channel.startsWith('quiet:');
  }

  override async onRefresh(request: { token: string }) {
    const renewed = await super.onRefresh(request);
    await this.#note('renewed');
    return renewed;
  }

  override async onRpc(method: string, data: unknown) {
    if (method === 'sum') return { sum: (data as number[]).reduce((sum, number) => sum + number, 0) };
    if (method !== 'notes') return super.onRpc(method, data);
    await this.refreshAttributes();
    return this.attributes.notes ?? [];
  }

  override async onMessage(data: unknown) {
    await this.#note('sent');
    await this.send({ heard: data });
  }

  async #note(what: string): Promise<void> {
    await this.refreshAttributes();
    this.attributes.notes = [...((this.attributes.notes ?? []) as string[]), what];
    await this.saveAttributes();
  }
}

export const { routes, server } = createHandlers(LobbyServer);
