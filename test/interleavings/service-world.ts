/**
 * A service with its real handlers, its clients and its gateway, in which everything can happen in any order: clients
 * connect, send and leave, Lambda delivers requests, and the scheduler's faults occur.
 */
import { type Backend, createHandlers } from '../../lib';
import type { ServerClass } from '../../lib/server/server-class';
import type { ServerContext } from '../../lib/server/server-context';
import { overrides } from '../../lib/server/server-hooks';
import { FakeGateway, FakeInvoker, type Intercept } from '../../lib/testing';
import { Actor, digest } from './actor';
import { atRest } from './at-rest';
import { type Client, Clients } from './clients';
import { Deliveries, SERVER_LIMIT_MILLISECONDS } from './deliveries';
import type { World } from './explorer';
import { isIndependent, type Offer, type Touch } from './independence';
import { wrongAtEnd, wrongNow } from './invariants';
import { LoopWatch } from './loop-watch';
import { MutableTable } from './mutable-table';
import type { Budget, Scenario } from './scenario';
import { Scheduler, type Surroundings } from './scheduler';
import { SessionWatch } from './session-watch';

const CLOSED_MARKS_EXPIRE_MILLISECONDS = 11 * 60_000;

export class ServiceWorld implements World {
  readonly table: MutableTable;
  readonly gateway: FakeGateway;
  readonly backend: Backend;
  /** What the hooks have noted, in order. */
  readonly happened: string[] = [];
  /** The results of processes, in any order. */
  readonly outcomes: string[] = [];
  readonly loops: LoopWatch;
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #ServerClass: ServerClass;
  readonly #clients: Clients;
  readonly #deliveries: Deliveries;
  #tokens = 0;
  #actions = new Map<string, { action: () => void | Promise<void>; touch: Touch | undefined }>();

  static async make(
    scenario: Scenario,
    budget: Partial<Budget> = scenario.budget ?? {},
  ): Promise<ServiceWorld> {
    const world = new ServiceWorld(scenario, budget);
    await world.#prepare();
    return world;
  }

  private constructor(scenario: Scenario, budget: Partial<Budget>) {
    this.#scenario = scenario;
    this.#scheduler = new Scheduler(budget, this.#surroundings(), Date.UTC(2026, 10, 30), scenario.goesWrong);
    const { clock, intercept } = this.#scheduler;
    this.table = new MutableTable(clock, this.#watched(intercept), scenario, (item, change) =>
      this.loops.updated(item, change),
    );
    this.gateway = new FakeGateway(clock, intercept, (id) => this.#clients.closed(id));
    this.loops = new LoopWatch(this, this.#scheduler);
    const functions = new FakeInvoker(intercept);
    this.backend = {
      ...{ table: this.table, connections: this.gateway, invoker: functions, clock },
      random: () => 0.5,
      token: () => this.#scheduler.current?.token() ?? `token ${++this.#tokens}`,
    };
    this.#ServerClass = scenario.makeServerClass(this);
    const environment = () =>
      createHandlers(this.#ServerClass, {
        backend: this.backend,
        environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'server' },
        ...(scenario.upkeep && { upkeep: scenario.upkeep }),
      });
    const handlers = environment();
    const ofMessages = scenario.freshEnvironments ? environment : () => handlers;
    this.#clients = new Clients(scenario.clients, this.#scheduler, this.gateway, handlers, ofMessages);
    this.#deliveries = new Deliveries(scenario, this.#scheduler, functions, handlers);
  }

  get clients(): ReadonlyMap<string, Client> {
    return this.#clients.byId;
  }

  get hadCrash(): boolean {
    return this.#scheduler.hadCrash;
  }

  get hadStall(): boolean {
    return this.#scheduler.time.hadStall;
  }

  /** Whether posts may take any time. A client that gets none in time is then disconnected. */
  get mayHang(): boolean {
    return this.#scenario.takesLong?.startsWith('POST') ?? false;
  }

  get hadLateCopy(): boolean {
    return this.#scheduler.answers.hadLateCopy;
  }

  /** Whether its server class overrides this hook. */
  has(hook: ServerContext['hook']): boolean {
    return overrides(this.#ServerClass, hook);
  }

  /** A separate step, such as a hook. It can crash before the step, but not in the middle of it. */
  note(what: string, effect = () => {}): Promise<void> {
    return this.#scheduler.intercept({ to: 'functions', operation: 'runs', subject: what }, () => {
      this.happened.push(what);
      effect();
    });
  }

  isLive(id: string): boolean {
    return this.clients.get(id)?.state === 'open';
  }

  choices(): string[] {
    this.#actions = new Map();
    const offer: Offer = (choice, action, touch) => {
      let name = choice;
      for (let n = 2; this.#actions.has(name); n++) name = `${choice} (${n})`;
      this.#actions.set(name, { action, touch });
    };
    this.#scheduler.offerAll(offer);
    this.#clients.offer(offer);
    this.#deliveries.offer(offer);
    this.#scheduler.answers.offerLate(offer, this.#actions.size === 0);
    return [...this.#actions.keys()];
  }

  async take(choice: string): Promise<void> {
    const offered = this.#actions.get(choice);
    if (!offered) throw new Error(`"${choice}" cannot happen here.`);
    await offered.action();
    await atRest();
    this.#scheduler.nobodyRuns();
  }

  independent(one: string, other: string): boolean {
    return isIndependent(this.#actions.get(one)?.touch, this.#actions.get(other)?.touch);
  }

  key(): string {
    const state = [
      this.table.items().sort((a, b) => (a.pk + a.sk < b.pk + b.sk ? -1 : 1)),
      this.table.lastPut,
      this.#clients.state(),
      [this.outcomes.toSorted(), this.loops.state()],
      [this.#deliveries.state(), this.happened, this.#scheduler.state()],
    ];
    return digest(JSON.stringify(state));
  }

  wrong(): string | undefined {
    return this.loops.violation ?? wrongNow(this) ?? this.#scenario.wrongNow?.(this);
  }

  /**
   * Checks the end. Without a crash or a late copy, everything must be consistent except what only a sweep can find.
   * Then come Lambda's retries, two sweeps with more than a lease between them, and, after the closed marks have
   * expired, the delayed copies.
   */
  async finish(): Promise<string | undefined> {
    const { clock, time, answers } = this.#scheduler;
    const wrongAtRest = () => this.#scenario.wrongAtRest?.(this);
    this.#scheduler.calm = true;
    await this.rest();
    const needsSweep = this.hadCrash || this.hadLateCopy;
    const wrong = this.wrong() ?? (needsSweep ? undefined : wrongAtRest());
    if (wrong) return wrong;
    await time.retryAll(async (start) => {
      start();
      await this.rest();
    });
    for (let sweep = 0; sweep < 2; sweep++) {
      await clock.advance(60_000);
      await this.#deliveries.runAtRest({ type: 'sweep' });
    }
    const wrongLater =
      this.wrong() ?? wrongAtEnd(this) ?? wrongAtRest() ?? (await this.#scenario.lastly?.(this));
    if (wrongLater) return wrongLater;
    await clock.advance(CLOSED_MARKS_EXPIRE_MILLISECONDS);
    this.table.deleteExpired();
    answers.applyLate();
    return this.wrong();
  }

  /** After the exploration: completes all requests. */
  rest(): Promise<void> {
    return this.#deliveries.rest();
  }

  /** After the exploration: the client leaves, and everything completes. */
  async leaveAtRest(id: string): Promise<void> {
    await this.#clients.leaveAtRest(id);
    await this.rest();
  }

  #surroundings(): Surroundings {
    return {
      isYoung: (id) => this.#clients.isYoung(id),
      isAboutToHappen: () => this.#deliveries.areDue() || this.#clients.isOpening(),
      hasClients: () => this.#clients.areThere(),
      polls: this.#scenario.polls ?? false,
      stallsAt: this.#scenario.stallsAt ?? '',
      takesLong: this.#scenario.takesLong,
      ended: (actor) => this.#clients.ended(actor),
    };
  }

  #watched(intercept: Intercept): Intercept {
    const watch = new SessionWatch(() => this.table.items(), this.happened);
    return (call, apply) =>
      intercept(call, () => {
        const answer = apply();
        watch.look(call);
        return answer;
      });
  }

  async #prepare(): Promise<void> {
    const { clock, time } = this.#scheduler;
    for (const [id, client] of this.clients) {
      if (!client.script.connected) continue;
      await this.#clients.connectAtRest(id, client);
      // The loop of a dedicated socket continues forever.
      if (!this.#scenario.polls) await this.rest();
    }
    await clock.advance(60_000);
    for (const [id, client] of this.clients) await this.#clients.sendAtRest(id, client);
    await clock.advance(this.#scenario.idleMilliseconds ?? 0);
    for (const [name, run] of Object.entries(this.#scenario.others ?? {})) {
      const mayBegin = () => this.hadStall || !this.#scenario.othersBeginAfterStall;
      this.#scheduler.add(
        new Actor(name, SERVER_LIMIT_MILLISECONDS, () => run(this), undefined, false, mayBegin),
      );
    }
    this.#scheduler.calm = false;
    this.#deliveries.forgetRepeated();
    const { waitsBefore } = this.#scenario;
    if (waitsBefore === undefined) return;
    await this.#deliveries.deliverAll();
    for (let n = 0; n < waitsBefore; n++) {
      await time.onlyLook();
      await this.#scheduler.answerAll();
    }
    this.#scheduler.nobodyRuns();
  }
}
