/** The notification service with a sign-in: a client has no subscriptions before it has sent a user and the password. */
import { sleep } from '../../lib/clock';
import type { MessageEvent } from '../../lib/handlers/events';
import { AttemptLimits, type TooManyAttempts } from './attempt-limits';
import { clientAddress } from './client-address';
import { logText } from './log-text';
import { NotificationsProtocolError, parseClientMessage } from './messages';
import { NotificationsServer } from './notifications-server';
import { MAX_ATTEMPTS, Verification } from './verification';
import type { Verifier } from './verifier';

const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 2_000;

export abstract class VerifiedNotificationsServer extends NotificationsServer {
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
