/**
 * A service with its real handlers, its clients and its gateway, where everything can happen in any order: clients connect,
 * send and leave, Lambda delivers what was asked for, and whatever the scheduler has in store.
 */
import { type Backend, createHandlers, type Handlers, type LambdaContext } from '../../lib';
import {
  connectEvent,
  disconnectEvent,
  FakeGateway,
  FakeInvoker,
  type Intercept,
  lambdaContext,
  messageEvent,
} from '../../lib/testing';
import type { QueuedRequest } from '../../lib/testing/fake-invoker';
import { overrides, type ServerClass, type ServerContext } from '../../lib/web-socket-server';
import { Actor, digest } from './actor';
import { atRest } from './at-rest';
import type { World } from './explorer';
import { isIndependent, type Touch } from './independence';
import { wrongAtEnd, wrongNow } from './invariants';
import { LoopWatch } from './loop-watch';
import { MutableTable } from './mutable-table';
import type { Budget, ClientScript, Scenario } from './scenario';
import { type Offer, Scheduler } from './scheduler';
import { SessionWatch } from './session-watch';

/** A handler may have dropped what it was done with only later. */
const SURELY_TAKEN_MILLISECONDS = 28_000;
/** For so long everything that polls is let go on before it counts as being at rest. */
const REST_MILLISECONDS = 35_000;
const ROUTES_LIMIT_MILLISECONDS = 29_000;
const SERVER_LIMIT_MILLISECONDS = 120_000;
/** For so long after the handshake another host of the gateway may still answer 410. */
const HOSTS_AGREE_AFTER_MILLISECONDS = 5_000;
const CLOSED_MARKS_EXPIRE_MILLISECONDS = 11 * 60_000;

interface Client {
  script: ClientScript;
  state: 'new' | 'connecting' | 'accepted' | 'open' | 'refused' | 'gone';
  openedAt: number;
  sent: number;
  /** Texts of which the gateway has been told in time that they were taken. */
  taken: string[];
  stays: boolean;
}

export class ServiceWorld implements World {
  readonly table: MutableTable;
  readonly gateway: FakeGateway;
  readonly backend: Backend;
  readonly clients: Map<string, Client>;
  /** What the hooks have noted, in order. */
  readonly happened: string[] = [];
  /** What processes have come to, in any order. */
  readonly outcomes: string[] = [];
  readonly loops: LoopWatch;
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #functions: FakeInvoker;
  readonly #ServerClass: ServerClass;
  readonly #handlers: Handlers;
  #counter = 0;
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
    this.clients = new Map(
      Object.entries(scenario.clients).map(([id, script]) => [
        id,
        { script, state: 'new', openedAt: 0, sent: 0, taken: [], stays: script.leaves === undefined },
      ]),
    );
    this.#scheduler = new Scheduler(budget, this.#surroundings(), Date.UTC(2026, 10, 30), scenario.goesWrong);
    const { clock, intercept } = this.#scheduler;
    this.table = new MutableTable(clock, this.#watched(intercept), scenario, (item, change) =>
      this.loops.updated(item, change),
    );
    this.gateway = new FakeGateway(clock, intercept, (id) => this.#gone(id));
    this.loops = new LoopWatch(this, this.#scheduler);
    this.#functions = new FakeInvoker(intercept);
    this.backend = {
      ...{ table: this.table, connections: this.gateway, invoker: this.#functions, clock },
      random: () => 0.5,
      token: () => this.#scheduler.current?.token() ?? `token ${++this.#counter}`,
    };
    this.#ServerClass = scenario.makeServerClass(this);
    this.#handlers = createHandlers(this.#ServerClass, {
      backend: this.backend,
      environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'server' },
      ...(scenario.upkeep && { upkeep: scenario.upkeep }),
    });
  }

  get hadCrash(): boolean {
    return this.#scheduler.hadCrash;
  }

  get hadStall(): boolean {
    return this.#scheduler.hadStall;
  }

  /** Whether its server class has such a hook of its own. */
  has(hook: ServerContext['hook']): boolean {
    return overrides(this.#ServerClass, hook);
  }

  /** A hook's own step: it can be died before, and not in the middle of. */
  note(what: string, effect = () => {}): Promise<void> {
    return this.#scheduler.intercept({ to: 'functions', operation: 'runs', subject: what }, () => {
      this.happened.push(what);
      effect();
    });
  }

  /** After the exploration: the client leaves, and all comes to rest. */
  async leaveAtRest(id: string): Promise<void> {
    const client = this.clients.get(id) as Client;
    client.state = 'gone';
    this.gateway.close(id);
    const event = disconnectEvent({ webSocketId: id, time: this.#scheduler.clock.now() });
    await this.#handlers.disconnect(event, lambdaContext());
    await this.rest();
  }

  /** After the exploration: whatever has been asked for is done. */
  rest(): Promise<void> {
    return this.#calmDown();
  }

  get hadLateCopy(): boolean {
    return this.#scheduler.hadLateCopy;
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
    for (const [id, client] of this.clients) this.#offerEvents(offer, id, client);
    const queue = new Map(this.#functions.queue.map((queued) => [describe(queued), queued]));
    for (const queued of queue.values()) {
      const deliver = () => {
        this.#functions.queue.splice(this.#functions.queue.indexOf(queued), 1);
        this.#deliver(queued, `request ${++this.#counter}`);
      };
      const call = { to: 'functions', operation: 'delivery', subject: queued.functionName } as const;
      offer(`Lambda delivers ${describe(queued)}`, deliver, { call });
    }
    this.#scheduler.offerLate(offer, this.#actions.size === 0);
    return [...this.#actions.keys()];
  }

  async take(choice: string): Promise<void> {
    const offered = this.#actions.get(choice);
    if (!offered) throw new Error(`"${choice}" cannot happen here.`);
    await offered.action();
    await atRest();
    this.#scheduler.current = undefined;
  }

  independent(one: string, other: string): boolean {
    return isIndependent(this.#actions.get(one)?.touch, this.#actions.get(other)?.touch);
  }

  key(): string {
    const received = (id: string) => (this.clients.get(id)?.state === 'new' ? [] : this.gateway.received(id));
    const state = [
      this.table.items().sort((a, b) => (a.pk + a.sk < b.pk + b.sk ? -1 : 1)),
      [...this.clients].map(([id, { script, ...now }]) => [id, now, received(id)]),
      [this.outcomes.toSorted(), this.loops.state(), this.table.lastPut],
      [this.#functions.queue.map(describe).sort(), this.happened, this.#scheduler.state()],
    ];
    return digest(JSON.stringify(state));
  }

  wrong(): string | undefined {
    return this.#wrongNow();
  }

  #wrongNow(): string | undefined {
    return this.loops.violation ?? wrongNow(this) ?? this.#scenario.wrongNow?.(this);
  }

  /**
   * All has come to rest: without a crash or a late copy, everything must be in order but what only a sweep can find. Then Lambda's retries, two
   * sweeps with more than a lease between them, and, when closed marks have expired, what was still on its way.
   */
  async finish(): Promise<string | undefined> {
    const { clock } = this.#scheduler;
    const wrongAtRest = () => this.#scenario.wrongAtRest?.(this);
    this.#scheduler.calm = true;
    await this.#calmDown();
    const needsSweep = this.hadCrash || this.#scheduler.hadLateCopy;
    const wrong = this.#wrongNow() ?? (needsSweep ? undefined : wrongAtRest());
    if (wrong) return wrong;
    await this.#scheduler.retryAll(async (start) => {
      start();
      await this.#calmDown();
    });
    for (let sweep = 0; sweep < 2; sweep++) {
      await clock.advance(60_000);
      this.#functions.queue.push({ functionName: 'server', request: { type: 'sweep' } });
      await this.#calmDown();
    }
    const wrongAfterSweeps = this.#wrongNow() ?? wrongAtEnd(this) ?? wrongAtRest();
    if (wrongAfterSweeps) return wrongAfterSweeps;
    const wrongLastly = await this.#scenario.lastly?.(this);
    if (wrongLastly) return wrongLastly;
    await clock.advance(CLOSED_MARKS_EXPIRE_MILLISECONDS);
    this.table.deleteExpired();
    this.#scheduler.applyLate();
    return this.#wrongNow();
  }

  #surroundings() {
    return {
      isYoung: (id: string) => {
        const openedAt = this.clients.get(id)?.openedAt ?? 0;
        return openedAt > this.#scheduler.clock.now() - HOSTS_AGREE_AFTER_MILLISECONDS;
      },
      isAboutToHappen: () =>
        this.#functions.queue.length > 0 ||
        [...this.clients.values()].some(({ state }) => state === 'accepted'),
      hasClients: () =>
        [...this.clients.values()].some(({ state }) => state !== 'gone' && state !== 'refused'),
      polls: this.#scenario.polls ?? false,
      ended: (actor: Actor) => {
        const client = this.clients.get(actor.name.replace('$connect of ', ''));
        if (client?.state === 'connecting') client.state = 'refused';
      },
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
    for (const [id, client] of this.clients) {
      if (!client.script.connected) continue;
      this.gateway.begin(id);
      await this.#handlers.connect(this.#connectEvent(id), lambdaContext());
      this.#opened(id, client);
      // The loop of a dedicated socket goes on for ever.
      if (!this.#scenario.polls) await this.#calmDown();
    }
    await this.#scheduler.clock.advance(60_000);
    for (const [id, { script, taken }] of this.clients) {
      for (const [n, text] of (script.hasSent ?? []).entries()) {
        await this.#handlers.message(this.#messageEvent(id, text, `before-${n}`), lambdaContext());
        taken.push(text);
      }
    }
    for (const [name, run] of Object.entries(this.#scenario.others ?? {})) {
      const mayBegin = () => this.hadStall || !this.#scenario.othersBeginAfterStall;
      this.#scheduler.add(
        new Actor(name, SERVER_LIMIT_MILLISECONDS, () => run(this), undefined, false, mayBegin),
      );
    }
    this.#scheduler.calm = false;
    const { waitsBefore } = this.#scenario;
    // Whoever asked for the same before has been heard.
    this.#functions.queue.splice(1);
    if (waitsBefore === undefined) return;
    for (const queued of this.#functions.queue.splice(0)) {
      this.#deliver(queued, `request ${++this.#counter}`);
      await this.#scheduler.answerAll();
    }
    for (let n = 0; n < waitsBefore; n++) {
      await this.#scheduler.onlyLook();
      await this.#scheduler.answerAll();
    }
    this.#scheduler.current = undefined;
  }

  #connectEvent(id: string) {
    const principalId = this.clients.get(id)?.script.session;
    return connectEvent({
      ...{ webSocketId: id, time: this.#scheduler.clock.now() },
      ...(principalId !== undefined && { principalId }),
    });
  }

  #opened(id: string, client: Client): void {
    this.gateway.open(id);
    client.state = 'open';
    client.openedAt = this.#scheduler.clock.now();
  }

  #offerEvents(offer: Offer, id: string, client: Client): void {
    const { script, state } = client;
    const call = { to: 'gateway', operation: 'event', subject: id } as const;
    const event = (what: string, action: () => void) => offer(what, action, { call });
    if (state === 'connecting' && script.leavesEarly)
      event(`${id} leaves during its handshake`, () => this.#leave(id, client, true));
    if (state === 'new') event(`${id} connects`, () => this.#connect(id, client));
    if (state === 'accepted') event(`the handshake of ${id} finishes`, () => this.#opened(id, client));
    if (state !== 'open') return;
    const next = script.sends?.[client.sent];
    if (next !== undefined && !this.#scheduler.isBusy(`message of ${id}`)) {
      event(`${id} sends ${next}`, () => this.#send(id, client, next));
    }
    if (client.stays) return;
    event(`${id} leaves`, () => this.#leave(id, client, true));
    if (script.leaves === 'told or not') {
      event(`${id} leaves, and $disconnect is lost`, () => this.#leave(id, client, false));
    }
    if (script.mayStay) {
      event(`${id} stays`, () => {
        client.stays = true;
      });
    }
  }

  #send(id: string, client: Client, text: string): void {
    client.sent++;
    const { clock } = this.#scheduler;
    const sentAt = clock.now();
    const event = this.#messageEvent(id, text, String(client.sent));
    this.#route(`message of ${id}: ${client.sent}`, async (context) => {
      await this.#handlers.message(event, context);
      if (clock.now() <= sentAt + SURELY_TAKEN_MILLISECONDS) client.taken.push(text);
    });
  }

  #messageEvent(id: string, text: string, messageId: string) {
    const event = messageEvent(text, { webSocketId: id, time: this.#scheduler.clock.now() });
    event.requestContext.messageId = Buffer.from(`${id} ${messageId}`).toString('base64');
    return event;
  }

  #connect(id: string, client: Client): void {
    client.state = 'connecting';
    this.gateway.begin(id);
    this.#route(`$connect of ${id}`, async (context) => {
      const { statusCode } = await this.#handlers.connect(this.#connectEvent(id), context);
      if (client.state !== 'connecting') return;
      client.state = statusCode === 200 ? 'accepted' : 'refused';
    });
  }

  #leave(id: string, client: Client, told: boolean): void {
    client.state = 'gone';
    this.gateway.close(id);
    if (told) this.#disconnect(id);
  }

  /** A function has closed it: the gateway tells of that, too, if it does. */
  #gone(id: string): void {
    const client = this.clients.get(id) as Client;
    client.state = 'gone';
    this.#disconnect(id, client.script.leaves === 'told or not');
  }

  #disconnect(id: string, mayBeLost = false): void {
    const event = disconnectEvent({ webSocketId: id, time: this.#scheduler.clock.now() });
    const run = () => this.#handlers.disconnect(event, lambdaContext());
    const name = `$disconnect of ${id}`;
    this.#scheduler.add(new Actor(name, ROUTES_LIMIT_MILLISECONDS, run, undefined, mayBeLost));
  }

  #route(name: string, run: (context: LambdaContext) => Promise<unknown>): void {
    const context = lambdaContext({ requestId: name });
    this.#scheduler.begin(new Actor(name, ROUTES_LIMIT_MILLISECONDS, () => run(context)));
  }

  #deliver(queued: QueuedRequest, requestId: string): void {
    this.#scheduler.begin(
      new Actor(
        `${describe(queued)} (${requestId})`,
        this.#serverLimit,
        () => this.#serve(queued, requestId),
        () => this.#deliver(queued, requestId),
      ),
    );
  }

  get #serverLimit(): number {
    return this.#scenario.serverLimitMilliseconds ?? SERVER_LIMIT_MILLISECONDS;
  }

  async #serve({ request }: QueuedRequest, requestId: string): Promise<void> {
    const { clock } = this.#scheduler;
    const end = clock.now() + this.#serverLimit;
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => end - clock.now() };
    await this.#handlers.server(structuredClone(request), context);
  }

  /**
   * Runs everything that can run, one thing after the other, without anything going wrong, to its end or, if it polls, for a
   * while.
   */
  async #calmDown(): Promise<void> {
    const { clock } = this.#scheduler;
    const end = clock.now() + REST_MILLISECONDS;
    let running = 0;
    for (;;) {
      await atRest();
      const queued = running === 0 || this.#scenario.polls ? this.#functions.queue.shift() : undefined;
      if (queued) {
        running++;
        const ended = () => {
          running--;
        };
        this.#serve(queued, `calm ${++this.#counter}`).then(ended, ended);
      } else if (clock.nextAlarm !== undefined && (!this.#scenario.polls || clock.nextAlarm <= end)) {
        await clock.advance(clock.nextAlarm - clock.now());
      } else if (running === 0 || this.#scenario.polls) {
        return;
      }
    }
  }
}

function describe({ request }: QueuedRequest): string {
  if (request.type === 'server') return `server ${request.webSocketId}`;
  if (request.type === 'settle')
    return `settle ${request.members.map(({ webSocketId, channel }) => [webSocketId, channel].filter(Boolean).join(' in ')).join()}`;
  return request.type;
}
