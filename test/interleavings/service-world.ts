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
import type { World } from './explorer';
import { wrongAtEnd, wrongNow } from './invariants';
import { MutableTable } from './mutable-table';
import type { Budget, ClientScript, Scenario } from './scenario';
import { type Offer, Scheduler } from './scheduler';
import { SessionWatch } from './session-watch';

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
  stays: boolean;
}

export class ServiceWorld implements World {
  readonly table: MutableTable;
  readonly gateway: FakeGateway;
  readonly backend: Backend;
  readonly clients: Map<string, Client>;
  /** What the hooks have noted, in order. */
  readonly happened: string[] = [];
  readonly #scenario: Scenario;
  readonly #scheduler: Scheduler;
  readonly #functions: FakeInvoker;
  readonly #ServerClass: ServerClass;
  readonly #handlers: Handlers;
  #counter = 0;
  #actions = new Map<string, () => void | Promise<void>>();

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
        { script, state: 'new', openedAt: 0, sent: 0, stays: script.leaves === undefined },
      ]),
    );
    this.#scheduler = new Scheduler(budget, this.#surroundings(), Date.UTC(2026, 10, 30), scenario.goesWrong);
    const { clock, intercept } = this.#scheduler;
    this.table = new MutableTable(clock, this.#watched(intercept), scenario.mutate);
    this.gateway = new FakeGateway(clock, intercept);
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

  /** Whether its server class has such a hook of its own. */
  has(hook: ServerContext['hook']): boolean {
    return overrides(this.#ServerClass, hook);
  }

  /** A hook's own step: it can be died before, and not in the middle of. */
  note(what: string): Promise<void> {
    return this.#scheduler.intercept({ to: 'functions', operation: 'runs', subject: what }, () => {
      this.happened.push(what);
    });
  }

  isLive(id: string): boolean {
    return this.clients.get(id)?.state === 'open';
  }

  choices(): string[] {
    this.#actions = new Map();
    const offer: Offer = (choice, action) => {
      let name = choice;
      for (let n = 2; this.#actions.has(name); n++) name = `${choice} (${n})`;
      this.#actions.set(name, action);
    };
    this.#scheduler.offerAll(offer);
    for (const [id, client] of this.clients) this.#offerEvents(offer, id, client);
    for (const queued of this.#functions.queue) {
      offer(`Lambda delivers ${describe(queued)}`, () => {
        this.#functions.queue.splice(this.#functions.queue.indexOf(queued), 1);
        this.#deliver(queued, `request ${++this.#counter}`);
      });
    }
    this.#scheduler.offerLate(offer, this.#actions.size === 0);
    return [...this.#actions.keys()];
  }

  async take(choice: string): Promise<void> {
    const action = this.#actions.get(choice);
    if (!action) throw new Error(`"${choice}" cannot happen here.`);
    await action();
    await atRest();
    this.#scheduler.current = undefined;
  }

  key(): string {
    const received = (id: string) => (this.clients.get(id)?.state === 'new' ? [] : this.gateway.received(id));
    const state = [
      this.table.items().sort((a, b) => (a.pk + a.sk < b.pk + b.sk ? -1 : 1)),
      [...this.clients].map(([id, { script, ...now }]) => [id, now, received(id)]),
      [this.#functions.queue, this.happened, this.#scheduler.state()],
    ];
    return digest(JSON.stringify(state));
  }

  wrong(): string | undefined {
    return wrongNow(this);
  }

  /**
   * All has come to rest: without a crash, everything must be in order but what only a sweep can find. Then Lambda's retries, two
   * sweeps with more than a lease between them, and, when closed marks have expired, what was still on its way.
   */
  async finish(): Promise<string | undefined> {
    const { clock } = this.#scheduler;
    const wrongAtRest = () => this.#scenario.wrongAtRest?.(this);
    const wrong = wrongNow(this) ?? (this.hadCrash ? undefined : wrongAtRest());
    if (wrong) return wrong;
    this.#scheduler.calm = true;
    await this.#scheduler.retryAll(async (start) => {
      start();
      await this.#calmDown();
    });
    for (let sweep = 0; sweep < 2; sweep++) {
      await clock.advance(60_000);
      this.#functions.queue.push({ functionName: 'server', request: { type: 'sweep' } });
      await this.#calmDown();
    }
    const wrongAfterSweeps = wrongNow(this) ?? wrongAtEnd(this) ?? wrongAtRest();
    if (wrongAfterSweeps) return wrongAfterSweeps;
    await clock.advance(CLOSED_MARKS_EXPIRE_MILLISECONDS);
    this.table.deleteExpired();
    this.#scheduler.applyLate();
    return wrongNow(this);
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
      await this.#calmDown();
    }
    await this.#scheduler.clock.advance(60_000);
    for (const [name, run] of Object.entries(this.#scenario.others ?? {})) {
      this.#scheduler.add(new Actor(name, SERVER_LIMIT_MILLISECONDS, () => run(this)));
    }
    this.#scheduler.calm = false;
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
    if (state === 'new') offer(`${id} connects`, () => this.#connect(id, client));
    if (state === 'accepted') offer(`the handshake of ${id} finishes`, () => this.#opened(id, client));
    if (state !== 'open') return;
    const next = script.sends?.[client.sent];
    if (next !== undefined && !this.#scheduler.isBusy(`message of ${id}`)) {
      offer(`${id} sends ${next}`, () => {
        client.sent++;
        const event = messageEvent(next, { webSocketId: id, time: this.#scheduler.clock.now() });
        this.#route(`message of ${id}`, (context) => this.#handlers.message(event, context));
      });
    }
    if (client.stays) return;
    offer(`${id} leaves`, () => this.#leave(id, client, true));
    if (script.leaves === 'told or not') {
      offer(`${id} leaves, and $disconnect is lost`, () => this.#leave(id, client, false));
    }
    if (script.mayStay) {
      offer(`${id} stays`, () => {
        client.stays = true;
      });
    }
  }

  #connect(id: string, client: Client): void {
    client.state = 'connecting';
    this.gateway.begin(id);
    this.#route(`$connect of ${id}`, async (context) => {
      const { statusCode } = await this.#handlers.connect(this.#connectEvent(id), context);
      client.state = statusCode === 200 ? 'accepted' : 'refused';
    });
  }

  #leave(id: string, client: Client, told: boolean): void {
    client.state = 'gone';
    this.gateway.close(id);
    if (!told) return;
    const event = disconnectEvent({ webSocketId: id, time: this.#scheduler.clock.now() });
    const run = () => this.#handlers.disconnect(event, lambdaContext());
    this.#scheduler.add(new Actor(`$disconnect of ${id}`, ROUTES_LIMIT_MILLISECONDS, run));
  }

  #route(name: string, run: (context: LambdaContext) => Promise<unknown>): void {
    const context = lambdaContext({ requestId: name });
    this.#scheduler.begin(new Actor(name, ROUTES_LIMIT_MILLISECONDS, () => run(context)));
  }

  #deliver(queued: QueuedRequest, requestId: string): void {
    this.#scheduler.begin(
      new Actor(
        `${describe(queued)} (${requestId})`,
        SERVER_LIMIT_MILLISECONDS,
        () => this.#serve(queued, requestId),
        () => this.#deliver(queued, requestId),
      ),
    );
  }

  #serve({ request }: QueuedRequest, requestId: string): Promise<void> {
    const context = lambdaContext({ requestId, remainingMilliseconds: SERVER_LIMIT_MILLISECONDS });
    return this.#handlers.server(structuredClone(request), context);
  }

  /** Runs everything that can run, one thing after the other, without anything going wrong. */
  async #calmDown(): Promise<void> {
    const { clock } = this.#scheduler;
    let running = 0;
    for (;;) {
      await atRest();
      const queued = running === 0 ? this.#functions.queue.shift() : undefined;
      if (queued) {
        running++;
        void this.#serve(queued, `calm ${++this.#counter}`).finally(() => {
          running--;
        });
      } else if (clock.nextAlarm !== undefined) {
        await clock.advance(clock.nextAlarm - clock.now());
      } else if (running === 0) {
        return;
      }
    }
  }
}

function describe({ request }: QueuedRequest): string {
  if (request.type === 'server') return `server ${request.webSocketId}`;
  if (request.type === 'settle')
    return `settle ${request.members.map(({ webSocketId }) => webSocketId).join()}`;
  return request.type;
}

function atRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
