/** Requests for the server function. Lambda delivers them at any time, and retries failed ones. */
import type { Handlers } from '../../lib';
import type { ServiceRequest } from '../../lib/invocations/invoker';
import type { FakeInvoker } from '../../lib/testing';
import type { QueuedRequest } from '../../lib/testing/fake-invoker';
import { Actor } from './actor';
import { atRest } from './at-rest';
import type { Offer } from './independence';
import type { Scenario } from './scenario';
import type { Scheduler } from './scheduler';

/** Polling code continues for this long before it counts as idle. */
const REST_MILLISECONDS = 35_000;
export const SERVER_LIMIT_MILLISECONDS = 120_000;

export class Deliveries {
  readonly #limitMilliseconds: number;
  readonly #polls: boolean;
  #requests = 0;

  constructor(
    { serverLimitMilliseconds, polls }: Pick<Scenario, 'serverLimitMilliseconds' | 'polls'>,
    private readonly scheduler: Scheduler,
    private readonly functions: FakeInvoker,
    private readonly handlers: Handlers,
  ) {
    this.#limitMilliseconds = serverLimitMilliseconds ?? SERVER_LIMIT_MILLISECONDS;
    this.#polls = polls ?? false;
  }

  /** Whether a request waits for delivery. */
  areDue(): boolean {
    return this.functions.queue.length > 0;
  }

  /** One of several equal requests is enough. */
  offer(offer: Offer): void {
    const queue = new Map(this.functions.queue.map((queued) => [describe(queued), queued]));
    for (const queued of queue.values()) {
      const deliver = () => {
        this.functions.queue.splice(this.functions.queue.indexOf(queued), 1);
        this.#deliver(queued);
      };
      const call = { to: 'functions', operation: 'delivery', subject: queued.functionName } as const;
      offer(`Lambda delivers ${describe(queued)}`, deliver, { call });
    }
  }

  /** Before the exploration: delivers equal requests once. */
  forgetRepeated(): void {
    this.functions.queue.splice(1);
  }

  /** Before the exploration: delivers and answers everything that is requested. */
  async deliverAll(): Promise<void> {
    for (const queued of this.functions.queue.splice(0)) {
      this.#deliver(queued);
      await this.scheduler.answerAll();
    }
  }

  /** Runs the request, and everything else that can run, to the end. */
  async runAtRest(request: ServiceRequest): Promise<void> {
    this.functions.queue.push({ functionName: 'server', request });
    await this.rest();
  }

  /**
   * Runs everything that can run, one step after the other and without faults, to the end or, if it polls, for a
   * while.
   */
  async rest(): Promise<void> {
    const { clock } = this.scheduler;
    const end = clock.now() + REST_MILLISECONDS;
    let running = 0;
    for (;;) {
      await atRest();
      const queued = running === 0 || this.#polls ? this.functions.queue.shift() : undefined;
      if (queued) {
        running++;
        const ended = () => {
          running--;
        };
        this.#serve(queued, `calm ${++this.#requests}`).then(ended, ended);
      } else if (clock.nextAlarm !== undefined && (!this.#polls || clock.nextAlarm <= end)) {
        await clock.advance(clock.nextAlarm - clock.now());
      } else if (running === 0 || this.#polls) {
        return;
      }
    }
  }

  /** Equal for equal states. */
  state(): unknown {
    return this.functions.queue.map(describe).sort();
  }

  /** A retry has the id of the request, but its own tokens. */
  #deliver(queued: QueuedRequest, requestId = `request ${++this.#requests}`, attempt = 1): void {
    const tried = attempt === 1 ? requestId : `${requestId}, try ${attempt}`;
    this.scheduler.begin(
      new Actor(
        `${describe(queued)} (${tried})`,
        this.#limitMilliseconds,
        () => this.#serve(queued, requestId),
        () => this.#deliver(queued, requestId, attempt + 1),
      ),
    );
  }

  async #serve({ request }: QueuedRequest, requestId: string): Promise<void> {
    const { clock } = this.scheduler;
    const end = clock.now() + this.#limitMilliseconds;
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => end - clock.now() };
    await this.handlers.server(structuredClone(request), context);
  }
}

function describe({ request }: QueuedRequest): string {
  if (request.type === 'server') return `server ${request.webSocketId}`;
  if (request.type !== 'settle') return request.type;
  const members = request.members.map(({ webSocketId, channel }) =>
    channel === undefined ? webSocketId : `${webSocketId} in ${channel}`,
  );
  return `settle ${members.join()}`;
}
