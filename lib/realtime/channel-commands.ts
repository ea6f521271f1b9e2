/** What a client does in channels: `publish`, also in parts, `presence`, `presence_stats` and `history`. */
import { allowsPresence, ruleOf } from '../channels/channel-rules';
import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import { MessageTooLargeError } from '../errors';
import { historyOf, presenceOf, presenceStatsOf } from './channel-reads';
import { clientInfo, type HistoryRequest, type PublishRequest } from './protocol';
import { PublicationParts } from './publication-parts';
import { errors } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';

export class ChannelCommands {
  constructor(private readonly server: RealtimeHooks) {}

  async publish({ channel, data, type, key, removed }: PublishRequest): Promise<object> {
    const { server } = this;
    if (type || key !== undefined || removed) throw errors.notAvailable('publications with keys');
    if (data === undefined) throw errors.badRequest('publish has no data');
    if (!(await server.onPublish(channel, data))) throw errors.permissionDenied();
    const { webSocketId, user, info } = server;
    const by = clientInfo({
      webSocketId,
      ...(user !== undefined && { user }),
      ...(info !== undefined && { info }),
    });
    try {
      await server.service.channel(channel).publish(data, { info: { info: by } });
    } catch (error) {
      if (error instanceof MessageTooLargeError) throw errors.limitExceeded(error.message);
      throw error;
    }
    return {};
  }

  /** Handles the built-in procedure: publishes all parts, once, when the last one has arrived. */
  async publishPart(part: unknown): Promise<object> {
    const { service, webSocketId } = this.server;
    return new PublicationParts(service, webSocketId).add(part, (publication) => this.publish(publication));
  }

  async presence(channel: string): Promise<object> {
    return presenceOf(await this.#members(channel, 'presence'));
  }

  async presenceStats(channel: string): Promise<object> {
    return presenceStatsOf(await this.#members(channel, 'presence_stats'));
  }

  async history({ channel, limit = 0, since, reverse = false }: HistoryRequest): Promise<object> {
    const { service } = this.server;
    const { log } = ruleOf(service.channelRules, channel);
    if (!log) throw errors.notAvailable(`history of ${channel}`);
    await this.#assertIn(channel);
    const position = since && { epoch: since.epoch ?? '', offset: since.offset ?? 0 };
    return historyOf(service, log, {
      ...{ channel, limit, reverse, since: position },
      mostBytes: MAX_MESSAGE_BYTES,
    });
  }

  async #members(channel: string, what: string) {
    const { service } = this.server;
    if (!allowsPresence(service.channelRules, channel)) throw errors.notAvailable(`${what} of ${channel}`);
    await this.#assertIn(channel);
    return service.channel(channel).members();
  }

  /** Clients may read only channels that they are in. */
  async #assertIn(channel: string): Promise<void> {
    const { service, webSocketId } = this.server;
    if (!(await service.channels.isIn(webSocketId, channel))) throw errors.permissionDenied();
  }
}
