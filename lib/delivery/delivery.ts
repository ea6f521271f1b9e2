/**
 * The one way to post to many connections. Members are taken as they are read, and at most `concurrency` posts run at
 * a time. A slow post gives up its slot, so one slow or hanging client delays nobody else. Throttled and failed posts
 * are retried with jitter while the budget lasts. Each member is counted exactly once.
 */
import { type Clock, sleep } from '../clock';
import type { Member } from '../connections/connection-items';
import { isOpening } from '../connections/opening-window';
import { ConnectionsApiError, MessageTooLargeError } from '../errors';
import type { ConnectionsClient } from '../management-api/connections-client';
import { type Count, countIn, type DeliveryCounts, emptyCounts } from './delivery-report';
import { Pace, type Rate } from './pace';
import { Slots } from './slots';
import { TimedPosts } from './timed-posts';

/** API Gateway's limit for a message. Source: quotas for WebSocket APIs, "Message payload size". */
export const MAX_MESSAGE_BYTES = 128 * 1024;

export interface DeliveryOptions {
  /** Posts that run at a time. @default 50 */
  concurrency?: number;
  /** After this time, a post no longer counts against the concurrency. @default 500 */
  slowMilliseconds?: number;
  /** After this time, a post without an answer is abandoned. @default 3,000 */
  timeoutMilliseconds?: number;
  /**
   * The time from the first try to the last, for throttled posts (429), server errors (5xx) and network errors.
   * @default 10,000
   */
  budgetMilliseconds?: number;
  /** How long a 410 from a connection that may still be opening is retried. @default 2,000 */
  pendingMilliseconds?: number;
  /** The rate of posts. @default the quota of an AWS account: 10,000 a second, with a burst of 5,000 */
  rate?: Rate;
  /** Milliseconds since the epoch: everything unfinished by then is abandoned. @default none */
  deadline?: number;
}

export interface DeliveryCollaborators {
  connections: ConnectionsClient;
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** Whether the table already knows that the member has left, which explains a 410. */
  hasLeft(member: Member): Promise<boolean>;
  /** Called once for each member with its outcome. @default nothing is called */
  decided?(member: Member, count: Count, reason?: string): void;
  /** Requests a cleanup of members that have disconnected, several at a time. The delivery waits for it. */
  settle(members: Member[]): Promise<void>;
  /**
   * Called with each member that is still connected but did not get every frame, with the number of frames that it got and the reason. One
   * more frame may have arrived, unless the member's handshake has not finished or this process may not post to it (403). With this
   * callback, nothing arrives twice: a post is retried only if it was certainly not sent (429).
   */
  unreached?(member: Member, sent: number, why: Unreached): void;
  /** Called when a member begins to wait because its post was throttled (429), and when it waits no longer. */
  throttled?(member: Member, isWaiting: boolean): void;
}

const FIRST_PAUSE_MILLISECONDS = 50;
const LONGEST_PAUSE_MILLISECONDS = 2_000;
/** Members that were read but have no outcome yet, including those that wait for a retry. Bounds memory. */
const UNDECIDED_PER_SLOT = 20;
const SETTLEMENTS_PER_REQUEST = 50;
/** The only error status of a post that certainly sent nothing. */
const THROTTLED = 429;

/** Several frames reach each member one after the other. @throws MessageTooLargeError before anything is sent. */
export async function deliver(
  members: AsyncIterable<Member> | Iterable<Member>,
  data: string | readonly string[],
  collaborators: DeliveryCollaborators,
  options: DeliveryOptions = {},
): Promise<DeliveryCounts> {
  const frames = typeof data === 'string' ? [data] : data;
  for (const frame of frames) {
    const bytes = Buffer.byteLength(frame);
    if (bytes > MAX_MESSAGE_BYTES) throw new MessageTooLargeError(bytes, MAX_MESSAGE_BYTES);
  }
  return new Delivery(frames, collaborators, options).run(members);
}

function isThrottled(outcome: Outcome): boolean {
  return outcome instanceof ConnectionsApiError && outcome.status === THROTTLED;
}

/** Why a member did not get every frame: its handshake has not finished, or the error of the last post. */
export type Unreached = 'opening' | ConnectionsApiError;
type Outcome = 'sent' | 'gone' | Unreached;

class Delivery {
  readonly #counts = emptyCounts();
  readonly #slots: Slots;
  readonly #posts: TimedPosts;
  readonly #undecided: Slots;
  readonly #pace: Pace;
  readonly #budgetMilliseconds: number;
  readonly #pendingMilliseconds: number;
  readonly #deadline: number;
  #gone: Member[] = [];

  constructor(
    private readonly frames: readonly string[],
    private readonly collaborators: DeliveryCollaborators,
    options: DeliveryOptions,
  ) {
    const { connections, clock } = collaborators;
    const {
      concurrency = 50,
      slowMilliseconds = 500,
      timeoutMilliseconds = 3_000,
      deadline = Number.POSITIVE_INFINITY,
    } = options;
    this.#slots = new Slots(concurrency);
    this.#posts = new TimedPosts(connections, clock, this.#slots, {
      ...{ slowMilliseconds, timeoutMilliseconds, deadline },
    });
    this.#undecided = new Slots(concurrency * UNDECIDED_PER_SLOT);
    this.#pace = new Pace(clock, options.rate);
    this.#budgetMilliseconds = options.budgetMilliseconds ?? 10_000;
    this.#pendingMilliseconds = options.pendingMilliseconds ?? 2_000;
    this.#deadline = deadline;
  }

  async run(members: AsyncIterable<Member> | Iterable<Member>): Promise<DeliveryCounts> {
    const broken: unknown[] = [];
    const release = () => this.#undecided.release();
    const onBroken = (error: unknown) => {
      broken.push(error);
      release();
    };
    try {
      for await (const member of members) {
        await this.#undecided.take();
        this.#decide(member).then(release, onBroken);
      }
    } finally {
      await this.#undecided.allReleased();
      await this.#settleGone();
    }
    if (broken.length > 0) throw broken[0];
    return this.#counts;
  }

  /** Sends each frame after the one before has been sent. */
  async #decide(member: Member): Promise<void> {
    for (const [n, frame] of this.frames.entries()) {
      const outcome = await this.#send(member, frame);
      if (outcome === 'sent') continue;
      if (outcome === 'left') this.#count(member, 'gone');
      else if (outcome === 'gone') await this.#foundGone(member);
      else {
        this.#giveUp(member, outcome);
        this.collaborators.unreached?.(member, n, outcome);
      }
      return;
    }
    this.#count(member, 'sent');
  }

  /** Retries until the outcome is known or time runs out. */
  async #send(member: Member, frame: string): Promise<Outcome | 'left'> {
    const { clock, random, hasLeft, throttled } = this.collaborators;
    let begun: number | undefined;
    let wasThrottled = false;
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      await this.#slots.take();
      if (!this.#pace.takeNow()) await this.#pace.take();
      const sentAt = clock.now();
      if (wasThrottled) throttled?.(member, false);
      const outcome = await this.#post(member, frame, sentAt);
      wasThrottled = isThrottled(outcome);
      if (wasThrottled) this.#counts.throttled++;
      if (begun === undefined) this.#learn(outcome, sentAt);
      begun ??= sentAt;
      if (outcome === 'sent' || outcome === 'gone') return outcome;

      const patience = outcome === 'opening' ? this.#pendingMilliseconds : this.#budgetMilliseconds;
      // Full jitter, from no wait to twice the pause, so that posts that were throttled together are not retried together.
      const wait = outcome === 'opening' ? pause : 2 * pause * random();
      const giveUp = Math.min(begun + patience, this.#deadline);
      if ((outcome !== 'opening' && !this.#mayRetry(outcome)) || clock.now() + wait > giveUp) return outcome;
      if (wasThrottled) throttled?.(member, true);
      await sleep(clock, wait);
      if (outcome === 'opening' && (await hasLeft(member))) return 'left';
    }
  }

  async #post(member: Member, frame: string, sentAt: number): Promise<Outcome> {
    const timeout = this.#posts.timeFrom(sentAt);
    // If its turn came too late, another process may be posting by now.
    if (timeout === 0 && this.collaborators.unreached) return this.#posts.tooLate();
    const answer = await this.#posts.send(member, frame, timeout);
    return answer === 'gone' && isOpening(member.acceptedAt, sentAt) ? 'opening' : answer;
  }

  #mayRetry({ retryable, status }: ConnectionsApiError): boolean {
    return this.collaborators.unreached ? status === THROTTLED : retryable;
  }

  /** Only first tries count: a retry says more about its client than about the account's rate. */
  #learn(outcome: Outcome, sentAt: number): void {
    if (outcome === 'sent') this.#pace.accepted();
    else if (isThrottled(outcome)) this.#pace.refused(sentAt);
  }

  #giveUp(member: Member, outcome: Exclude<Outcome, 'sent' | 'gone'>): void {
    if (outcome === 'opening') this.#count(member, 'pending');
    else this.#count(member, 'failed', outcome.message);
  }

  #count(member: Member, count: Count, reason?: string): void {
    countIn(this.#counts, count, reason);
    this.collaborators.decided?.(member, count, reason);
  }

  async #foundGone(member: Member): Promise<void> {
    this.#count(member, 'gone');
    this.#gone.push(member);
    if (this.#gone.length >= SETTLEMENTS_PER_REQUEST) await this.#settleGone();
  }

  async #settleGone(): Promise<void> {
    const members = this.#gone;
    this.#gone = [];
    if (members.length > 0) await this.collaborators.settle(members);
  }
}
