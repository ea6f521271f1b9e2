/** The methods that change what connections may do: subscribe, unsubscribe, refresh, disconnect. */
import { ConnectionAttributes } from '../../attributes/connection-attributes';
import { ruleOf } from '../../channels/channel-rules';
import type { Member } from '../../connections/connection-items';
import { inTurns } from '../../delivery/in-turns';
import type { Service } from '../../service';
import type { Value } from '../../table/item';
import { type ConnectionState, keepState, stateIn } from '../connection-state';
import { Expirations } from '../expirations';
import type { JoinRequest } from '../joined-frames';
import { type Push, pushText } from '../protocol';
import { Disconnection, disconnections, errors, UNSUBSCRIBED } from '../realtime-errors';
import { chosenConnections } from './chosen-connections';
import { assertWithout, channelIn, dataIn, type Fields, flagIn, objectIn, textIn, wholeIn } from './fields';

const AT_A_TIME = 25;
/** Source: RFC 6455, section 5.5. */
const MOST_REASON_BYTES = 123;

export class ConnectionChanges {
  constructor(
    private readonly service: Service,
    /** Channels of one connection. */
    private readonly mostChannels: number,
  ) {}

  /** A connection that is in the channel already stays as it is. */
  async subscribe(fields: Fields): Promise<object> {
    const channel = channelIn(fields);
    assertWithout(fields, 'info', 'b64info', 'override', 'recover_since');
    const data = dataIn(fields);
    const expiresAt = this.#timeIn(fields);
    const members = await chosenConnections(this.service, fields);
    await inTurns(members, AT_A_TIME, async (member) => {
      if (await this.service.channels.isIn(member.webSocketId, channel)) return;
      await this.#expireSubscription(member, channel, expiresAt);
      await this.#enter(member, channel, data);
    });
    return {};
  }

  async unsubscribe(fields: Fields): Promise<object> {
    const channel = channelIn(fields);
    const members = await chosenConnections(this.service, fields);
    await inTurns(members, AT_A_TIME, async (member) => {
      if (!(await this.service.unsubscribe(member, channel))) return;
      await this.#expireSubscription(member, channel, undefined);
      await this.#push(member, { channel, unsubscribe: UNSUBSCRIBED.byServer });
    });
    return {};
  }

  async disconnect(fields: Fields): Promise<object> {
    const reason = disconnectionIn(fields);
    await this.#disconnect(await chosenConnections(this.service, fields), reason);
    return {};
  }

  /** Sets when connections expire, and what others may know of their user; or closes them as expired. */
  async refresh(fields: Fields): Promise<object> {
    const now = this.service.backend.clock.now();
    const isExpired = flagIn(fields, 'expired');
    const expiresAt = this.#timeIn(fields);
    const members = await chosenConnections(this.service, fields);
    if (isExpired || (expiresAt !== undefined && expiresAt <= now)) {
      await this.#disconnect(members, disconnections.expired());
      return {};
    }
    const { info } = fields;
    await inTurns(members, AT_A_TIME, async (member) => {
      const { user } = member;
      if (info !== undefined && user !== undefined) {
        const by = { at: now, requestId: this.service.backend.token() };
        await this.service.identify(member, { user, info: info as Value }, by);
      }
      await this.#expireConnection(member, expiresAt);
    });
    return {};
  }

  /** In a channel with a log, the poster tells the client, between two lines. */
  async #enter(member: Member, channel: string, data: unknown): Promise<void> {
    const { service, mostChannels } = this;
    if (ruleOf(service.channelRules, channel).log) {
      const request: JoinRequest = { byServer: true, ...(data !== undefined && { data }) };
      await service.channel(channel).join(member, { byServer: true, request }, mostChannels);
    } else if (await service.subscribe(member, channel, mostChannels)) {
      await this.#push(member, { channel, subscribe: { ...(data !== undefined && { data }) } });
    }
  }

  /** `undefined`: it does not expire, whatever was said of an earlier one. */
  async #expireSubscription(member: Member, channel: string, expiresAt: number | undefined): Promise<void> {
    const isOpen = await this.#changeState(
      member,
      ({ subscriptions: { [channel]: _, ...others }, ...state }) => ({
        ...state,
        subscriptions: { ...others, ...(expiresAt !== undefined && { [channel]: expiresAt }) },
      }),
    );
    if (isOpen && expiresAt !== undefined)
      await new Expirations(this.service).note(member.webSocketId, expiresAt, channel);
  }

  /** `undefined`: it does not expire any more. */
  async #expireConnection(member: Member, expiresAt: number | undefined): Promise<void> {
    const isOpen = await this.#changeState(member, ({ expiresAt: _, ...state }) => ({
      ...state,
      ...(expiresAt !== undefined && { expiresAt }),
    }));
    if (!isOpen) return;
    if (expiresAt === undefined) return this.#push(member, { refresh: { expires: false } });
    await new Expirations(this.service).note(member.webSocketId, expiresAt);
    const ttl = Math.ceil((expiresAt - this.service.backend.clock.now()) / 1_000);
    await this.#push(member, { refresh: { expires: true, ttl } });
  }

  /** `false` for a connection that has closed, or whose client has not connected yet. */
  async #changeState(
    { webSocketId }: Member,
    change: (state: ConnectionState) => ConnectionState,
  ): Promise<boolean> {
    const connection = await this.service.store.connection(webSocketId);
    if (connection?.state !== 'open') return false;
    const attributes = new ConnectionAttributes(webSocketId, connection, this.service.backend);
    const state = stateIn(attributes.values);
    if (!state.isConnected) return false;
    keepState(attributes.values, change(state));
    await attributes.save();
    return true;
  }

  /** API Gateway sends no close code of our own, so clients are told first. */
  async #disconnect(members: Member[], { code, reason }: Disconnection): Promise<void> {
    await inTurns(members, AT_A_TIME, async (member) => {
      await this.#push(member, { disconnect: { code, reason } });
      await this.service.backend.connections.delete(member);
    });
  }

  async #push(member: Member, push: Push): Promise<void> {
    await this.service.deliver(pushText(push), { to: [member] });
  }

  /** `expire_at`, in milliseconds since the epoch. @throws RealtimeError */
  #timeIn(fields: Fields): number | undefined {
    const seconds = wholeIn(fields, 'expire_at');
    if (seconds === undefined) return undefined;
    const milliseconds = seconds * 1_000;
    if (seconds > 0 && Number.isSafeInteger(milliseconds)) return milliseconds;
    throw errors.badRequest('expire_at must be in seconds since 1970');
  }
}

/** @throws RealtimeError for a code that is not the protocol's */
function disconnectionIn(fields: Fields): Disconnection {
  const asked = objectIn(fields, 'disconnect');
  const code = asked && wholeIn(asked, 'code');
  if (!asked || code === undefined) return disconnections.forceNoReconnect();
  if (code < 3_000 || code > 4_999) throw errors.badRequest('disconnect.code must be from 3000 to 4999');
  const reason = textIn(asked, 'reason') ?? '';
  if (Buffer.byteLength(reason) > MOST_REASON_BYTES)
    throw errors.badRequest(`disconnect.reason must have up to ${MOST_REASON_BYTES} bytes`);
  return new Disconnection(code, reason);
}
