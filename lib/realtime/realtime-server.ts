/**
 * A server class that Centrifuge's clients connect to, unchanged: JavaScript, Python, Go, Dart, Swift, Java. Extend it,
 * and say in its hooks what clients may do.
 */
import type { Joined, Subscriber } from '../channels/log/channel-frames';
import type { Line } from '../channels/log/log-items';
import type { MessageEvent } from '../handlers/events';
import { ClientError } from '../messages/client-error';
import type { PresenceForm } from '../presence/presence-form';
import type { Service } from '../service';
import { runEvery } from '../steps';
import { CommandRunner } from './command-runner';
import { costOf, idsIn } from './commands';
import { Expirations } from './expirations';
import { joinLeaveForm } from './join-leave';
import { joinedFrames } from './joined-frames';
import {
  type ClientInfo,
  framesOfTexts,
  PING,
  type PublicationDetails,
  publicationTexts,
  pushText,
} from './protocol';
import { errors, UNSUBSCRIBED } from './realtime-errors';
import { RealtimeHooks } from './realtime-hooks';

export abstract class RealtimeServer extends RealtimeHooks {
  static override encodeLines(channel: string, lines: Line[]): string[] {
    return framesOfTexts(publicationTexts(channel, lines));
  }

  static override encodeJoined(joined: Joined): string[] {
    return joinedFrames(joined);
  }

  /** A client subscribes again by itself. A connection that the server has subscribed is closed, and reconnects. */
  static override encodeResubscribe(channel: string, { byServer }: Subscriber): string | undefined {
    return byServer ? undefined : pushText({ channel, unsubscribe: UNSUBSCRIBED.insufficientState });
  }

  static override encodePublication(channel: string, data: unknown, info?: unknown): string {
    return pushText({ channel, pub: { data, ...(info as PublicationDetails | undefined) } });
  }

  /** Joins and leaves are announced one by one. Clients request the whole list themselves. */
  static presenceForm(channel: string): PresenceForm<ClientInfo> {
    return joinLeaveForm(channel);
  }

  /**
   * Runs with each sweep: ends expired connections and subscriptions, and keeps connections open if the class is
   * configured so.
   */
  static async onSweep(service: Service): Promise<void> {
    // biome-ignore lint/complexity/noThisInStatic: it is the service's own class, which says whether.
    const { keepAlive } = this;
    await runEvery([
      async () => keepAlive && (await service.deliver(PING)),
      () => new Expirations(service).end(),
    ]);
  }

  /**
   * Each command counts as a message. Ten subscriptions count as one, because a client that reconnects sends all of
   * them together. A part of a publication counts as ten, unless it is the only one.
   */
  static costOf(frame: string): number {
    return costOf(frame);
  }

  /** @throws ClientError for a client that speaks the binary form of the protocol, which API Gateway does not carry */
  override async onPreServer(): Promise<void> {
    const isBinary =
      this.subprotocols.includes('centrifuge-protobuf') || this.request.query.get('format') === 'protobuf';
    if (!isBinary) return;
    throw new ClientError('ProtobufNotSupported', 'Use the JSON form of the protocol.', { status: 400 });
  }

  override async onClientMessage(frame: string): Promise<void> {
    const { messageId } = (this.context.event as MessageEvent).requestContext;
    await new CommandRunner(this, messageId).run(frame);
  }

  override async onMessagesRefused(): Promise<void> {
    const { body = '' } = this.context.event as MessageEvent;
    const { errorCode: code, message, temporary } = errors.tooManyRequests();
    const replies = idsIn(body).map((id) => JSON.stringify({ id, error: { code, message, temporary } }));
    for (const text of framesOfTexts(replies)) await this.write(text);
  }

  override async onPostServer(closeCode?: number, reason?: string): Promise<void> {
    await this.onDisconnect(closeCode, reason);
  }
}
