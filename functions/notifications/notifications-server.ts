/** The notification service without a sign-in: each client receives the messages of the topics that it subscribes to. */
import { WebSocketServer } from '../../lib';
import { ifConnected } from '../../lib/connections/if-connected';
import { allOver } from '../../lib/delivery/all-over';
import type { ConnectEvent } from '../../lib/handlers/events';
import {
  NotificationsProtocolError,
  parseClientMessage,
  type ServerMessage,
  tooMany,
  topicsOfQuery,
} from './messages';
import { NotificationLog } from './notification-log';
import { channelOf, EVERYTHING, MAX_TOPICS, topicsOf } from './topics';

export class NotificationsServer extends WebSocketServer {
  /** A client that replaces all of its topics briefly has both the old and the new ones. */
  static override readonly limits = { messagesPerSecond: 2, burst: 40, channels: 2 * MAX_TOPICS };

  override async onPreServer(): Promise<void> {
    await this.subscribeTo(this.notedTopics());
  }

  override async server(): Promise<void> {
    await this.tellProblems();
    await this.tellSubscriptions();
  }

  override async onClientMessage(data: string): Promise<void> {
    try {
      await this.obey(data);
    } catch (error) {
      if (!(error instanceof NotificationsProtocolError)) throw error;
      await this.tell({ Type: 'Error', Message: error.message });
    }
  }

  override async onMessagesRefused(refused: number): Promise<void> {
    const { messagesPerSecond } = NotificationsServer.limits;
    await this.tell({
      Type: 'Error',
      Message: `You may send ${messagesPerSecond} messages a second. Refused: ${refused}. Wait a moment, then send them again.`,
    });
  }

  /** The article's client sends user and password whether or not the server requires them. */
  protected async obey(data: string): Promise<void> {
    const message = parseClientMessage(data);
    if (message.kind === 'ping') return;
    if (message.kind === 'missed') return this.#tellMissed(message);
    if (message.kind === 'change') await this.#change(message);
    await this.tellSubscriptions();
  }

  /** What the client missed on its topics while it was away. One frame with the newest that fit. */
  async #tellMissed(from: { after: string } | { since: number }): Promise<void> {
    const { table, clock } = this.service.backend;
    const log = new NotificationLog(table, clock, this.service.name);
    const time = 'after' in from ? await log.timeOf(from.after) : from.since;
    if (time === undefined) {
      throw new NotificationsProtocolError(
        'There is no notification with the Id in After, or it is older than a week. Send {"Since":"…"} with a time within the last week.',
      );
    }
    const topics = new Set(topicsOf(await this.channels()));
    const isHeard = (topic: string) => topics.has(EVERYTHING) || topics.has(topic);
    const last = 'after' in from ? from.after : undefined;
    const { texts, isCut } = await log.since(time, isHeard, last);
    const notifications = texts.map((text) => JSON.parse(text) as unknown);
    await this.tell({ Type: 'Missed', Notifications: notifications, More: isCut });
  }

  async #change({ subscribe, unsubscribe }: { subscribe: string[]; unsubscribe: string[] }): Promise<void> {
    if (subscribe.length > 0) await this.#assertFewTopics(subscribe, unsubscribe);
    // A client that switches from all topics to one may get a notification twice, but never misses one.
    await this.subscribeTo(subscribe);
    const left = unsubscribe.filter((topic) => !subscribe.includes(topic));
    await allOver(left.map((topic) => this.unsubscribe(channelOf(topic))));
  }

  async #assertFewTopics(subscribe: string[], unsubscribe: string[]): Promise<void> {
    const before = topicsOf(await this.channels());
    const after = new Set(before.filter((topic) => !unsubscribe.includes(topic)));
    for (const topic of subscribe) after.add(topic);
    if (after.size <= MAX_TOPICS) return;
    throw new NotificationsProtocolError(
      tooMany(`With the new ones, this connection would have ${after.size}`),
    );
  }

  protected async subscribeTo(topics: string[]): Promise<void> {
    await allOver(topics.map((topic) => this.subscribe(channelOf(topic))));
  }

  /** The topics in the query string. Errors are stored for `server()`, which can send them. */
  protected notedTopics(): string[] {
    const { multiValueQueryStringParameters: query } = this.context.event as ConnectEvent;
    const asked = query?.topics ?? [];
    const { topics, problems } = topicsOfQuery(asked);
    if (problems.length > 0) this.attributes.problems = problems;
    return topics.length === 0 && problems.length === 0 ? [EVERYTHING] : topics;
  }

  protected async tellProblems(): Promise<void> {
    for (const problem of (this.attributes.problems ?? []) as string[]) {
      await this.tell({ Type: 'Error', Message: problem });
    }
  }

  protected async tellSubscriptions(): Promise<void> {
    await this.tell({ Type: 'Subscriptions', Topics: topicsOf(await this.channels()) });
  }

  protected tell(message: ServerMessage): Promise<void> {
    return ifConnected(this.write(JSON.stringify(message)));
  }
}
