/** The notification service. Each client receives the messages of the topics that it subscribes to. */
import {
  type ConnectionLimits,
  type ServerContext,
  WebSocketClosedError,
  WebSocketOpeningError,
  WebSocketServer,
} from '../../lib';
import { sleep } from '../../lib/clock';
import { allOver } from '../../lib/delivery/all-over';
import type { ConnectEvent, MessageEvent } from '../../lib/handlers/events';
import { AttemptLimits, type TooManyAttempts } from './attempt-limits';
import { clientAddress } from './client-address';
import { logText } from './log-text';
import {
  NotificationsProtocolError,
  parseClientMessage,
  type ServerMessage,
  tooMany,
  topicsOfQuery,
} from './messages';
import { ToldLog } from './told-log';
import { channelOf, EVERYTHING, MAX_TOPICS, topicsOf } from './topics';
import { MAX_ATTEMPTS, Verification } from './verification';
import type { Verifier } from './verifier';

/** How long a client may take to sign in. The article's client sends user and password one second after it opens. */
export const VERIFICATION_MILLISECONDS = 10_000;
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 2_000;

export interface NotificationsOptions {
  /** Checks users and passwords. @default everybody may receive everything */
  verifier?: Verifier | undefined;
  /** How long a socket may stay open without signing in. @default 10,000 */
  verificationMilliseconds?: number;
}

export type NotificationsServerClass = (new (
  context: ServerContext,
) => WebSocketServer) & {
  limits: ConnectionLimits;
};

/** Makes the server class that uses this verifier. */
export function notificationsServer(options: NotificationsOptions = {}): NotificationsServerClass {
  const { verifier, verificationMilliseconds = VERIFICATION_MILLISECONDS } = options;
  return verifier ? verifiedServer(verifier, verificationMilliseconds) : NotificationsServer;
}

function verifiedServer(verifier: Verifier, milliseconds: number): NotificationsServerClass {
  return class extends VerifiedNotificationsServer {
    protected override readonly verifier = verifier;
    protected override readonly verificationMilliseconds = milliseconds;
  };
}

/** Everybody may receive everything. */
class NotificationsServer extends WebSocketServer {
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
    const told = new ToldLog(table, clock, this.service.name);
    const time = 'after' in from ? await told.timeOf(from.after) : from.since;
    if (time === undefined) {
      throw new NotificationsProtocolError(
        'There is no notification with the Id in After, or it is older than a week. Send {"Since":"…"} with a time within the last week.',
      );
    }
    const topics = new Set(topicsOf(await this.channels()));
    const hears = (topic: string) => topics.has(EVERYTHING) || topics.has(topic);
    const last = 'after' in from ? from.after : undefined;
    const { texts, isCut } = await told.since(time, hears, last);
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

  /** If the client has disconnected, it misses the answer, and that is not an error. */
  protected async tell(message: ServerMessage): Promise<void> {
    try {
      await this.write(JSON.stringify(message));
    } catch (error) {
      if (!(error instanceof WebSocketClosedError) && !(error instanceof WebSocketOpeningError)) throw error;
    }
  }
}

/** A client has no subscriptions before it has signed in. */
abstract class VerifiedNotificationsServer extends NotificationsServer {
  protected abstract readonly verifier: Verifier;
  protected abstract readonly verificationMilliseconds: number;
  readonly #verification = new Verification(this.service, this.webSocketId);

  /** The topics are stored with the connection until then. */
  override async onPreServer(): Promise<void> {
    this.attributes.topics = this.notedTopics();
  }

  /** Waits until the client has signed in, and closes the socket if that takes too long. */
  override async server(): Promise<void> {
    const { clock } = this.service.backend;
    await this.tellProblems();
    const deadline = Math.min(clock.now() + this.verificationMilliseconds, this.service.deadline);
    let pause = FIRST_PAUSE_MILLISECONDS;
    while (!(await this.#verification.hasPassed())) {
      const left = deadline - clock.now();
      if (left <= 0) return this.#turnAway('You did not sign in within the time limit. Connect again.');
      await sleep(clock, Math.min(pause, left));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
    }
  }

  override async onPostServer(): Promise<void> {
    await this.#verification.forget();
  }

  protected override async obey(data: string): Promise<void> {
    const message = parseClientMessage(data);
    if (message.kind === 'ping') return;
    if (await this.#verification.hasPassed()) return super.obey(data);
    if (message.kind !== 'credentials') {
      throw new NotificationsProtocolError(
        'You must sign in before you can subscribe. Send {"User":"…","Password":"…"} first.',
      );
    }
    await this.#verify(message.user, message.password);
  }

  async #verify(user: string, password: string): Promise<void> {
    const attempt = await this.#verification.beginAttempt();
    if (attempt === undefined) return this.end();
    const address = clientAddress((this.context.event as MessageEvent).requestContext.identity.sourceIp);
    const limits = new AttemptLimits(this.service, user, address);
    const tooMany = await limits.begin();
    if (tooMany) {
      this.#logRefusal(user, address, `too many attempts for this ${tooMany.of}`);
      return this.#turnAway(`Too many attempts. Connect again in ${waitOf(tooMany)}.`);
    }
    if (!(await this.verifier.verify(user, password))) {
      this.#logRefusal(user, address, `wrong user or password, attempt ${attempt} of ${MAX_ATTEMPTS}`);
      const left = MAX_ATTEMPTS - attempt;
      if (left === 0) return this.#turnAway('User or password is wrong. You have no attempts left.');
      return this.tell({
        Type: 'Error',
        Message: `User or password is wrong. Try again: you have ${left} of ${MAX_ATTEMPTS} attempts left.`,
      });
    }
    await limits.succeeded();
    const connection = await this.service.store.connection(this.webSocketId);
    await this.subscribeTo((connection?.attributes.topics ?? []) as string[]);
    // The mark comes last. A crash before it leaves a socket that is closed at the deadline, never one that stays
    // open and receives nothing.
    await this.#verification.pass();
    await this.tellSubscriptions();
  }

  /** For people who monitor the log. It contains no passwords. */
  #logRefusal(user: string, address: string, why: string): void {
    console.warn(
      `WebSocket ${this.webSocketId} from ${logText(address)} was refused as user ${logText(user)}: ${why}`,
    );
  }

  async #turnAway(why: string): Promise<void> {
    await this.tell({ Type: 'Error', Message: why });
    await this.end();
  }
}

function waitOf({ seconds }: TooManyAttempts): string {
  return seconds <= 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
