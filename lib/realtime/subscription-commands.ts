/** A client's subscriptions: `subscribe`, `unsubscribe` and `sub_refresh`, and those that the server makes. */
import { ruleOf } from '../channels/channel-rules';
import type { Position } from '../channels/log/log-items';
import { InvalidValueError, TooManyChannelsError } from '../errors';
import type { ConnectionLifetime } from './connection-lifetime';
import type { JoinRequest } from './joined-frames';
import type { SubscribeRequest } from './protocol';
import { disconnections, errors, RealtimeError } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';

/** The flag of a client that loads the state itself if it cannot recover. */
const REJECT_UNRECOVERED = 2;

export class SubscriptionCommands {
  constructor(
    private readonly server: RealtimeHooks,
    private readonly lifetime: ConnectionLifetime,
  ) {}

  /** `undefined` for a channel with a log: its poster answers, between two lines. */
  async subscribe(id: number, request: SubscribeRequest): Promise<object | undefined> {
    const { channel } = request;
    if (request.type) throw errors.notAvailable(`subscriptions of type ${request.type}`);
    if (request.tf !== undefined) throw errors.notAvailable('filters by tags');
    const decision = await this.server.onSubscribe(channel, request);
    if (decision === false) throw errors.permissionDenied();
    const { data, expiresAt } = decision === true ? {} : decision;
    const details = { ...(data !== undefined && { data }), ...this.lifetime.until(expiresAt) };
    await this.lifetime.expire(channel, expiresAt);
    if (!this.hasLog(channel)) {
      await this.enter(channel);
      return details;
    }
    const since = sinceOf(request);
    const rejectsUnrecovered = ((request.flag ?? 0) & REJECT_UNRECOVERED) !== 0;
    const asked: JoinRequest = {
      ...{ id, details },
      ...(since && { since }),
      ...(rejectsUnrecovered && { rejectsUnrecovered }),
    };
    await this.enter(channel, { request: asked, ...(since && { since }) });
    return undefined;
  }

  async unsubscribe(channel: string): Promise<object> {
    await this.server.unsubscribe(channel);
    await this.lifetime.expire(channel, undefined);
    return {};
  }

  async refresh({
    channel,
    token,
    type,
  }: {
    channel: string;
    token?: string;
    type?: number;
  }): Promise<object> {
    if (type) throw errors.notAvailable(`renewals of type ${type}`);
    if (!token) throw disconnections.badRequest('sub_refresh has no token');
    const decision = await this.server.onSubscribe(channel, { channel, token });
    if (decision === false) throw errors.permissionDenied();
    const { expiresAt } = decision === true ? {} : decision;
    await this.lifetime.expire(channel, expiresAt);
    return this.lifetime.until(expiresAt);
  }

  /** The server subscribes it to a channel with a log. @throws Disconnection, because its client has been answered */
  async enterForServer(channel: string, since: Position | undefined): Promise<void> {
    const asked: JoinRequest = { byServer: true, ...(since && { since }) };
    try {
      await this.enter(channel, { byServer: true, request: asked, ...(since && { since }) });
    } catch (error) {
      if (error instanceof RealtimeError) throw disconnections.channelLimit();
      throw error;
    }
  }

  /** @throws RealtimeError for one channel too many, or one that was unsubscribed from at the same time */
  async enter(channel: string, options: Parameters<RealtimeHooks['subscribe']>[1] = {}): Promise<void> {
    try {
      if (await this.server.subscribe(channel, options)) return;
    } catch (error) {
      if (error instanceof TooManyChannelsError) throw errors.limitExceeded(`${error.limit} channels`);
      if (error instanceof InvalidValueError) throw errors.badRequest(error.message);
      throw error;
    }
    throw errors.badRequest(`${channel} was unsubscribed from at the same time`);
  }

  hasLog(channel: string): boolean {
    return ruleOf(this.server.service.channelRules, channel).log !== undefined;
  }
}

/** Where the client was, if it wants to recover. */
export function sinceOf(
  request: { recover?: boolean; epoch?: string; offset?: number } | undefined,
): Position | undefined {
  if (!request?.recover) return undefined;
  return { epoch: request.epoch ?? '', offset: request.offset ?? 0 };
}
