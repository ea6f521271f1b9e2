/**
 * The clients of a service and the gateway between them: they connect, send and leave, and the gateway invokes the
 * functions.
 */
import type { Handlers, LambdaContext } from '../../lib';
import {
  connectEvent,
  disconnectEvent,
  type FakeGateway,
  lambdaContext,
  messageEvent,
} from '../../lib/testing';
import { Actor } from './actor';
import type { Offer } from './independence';
import type { ClientScript } from './scenario';
import type { Scheduler } from './scheduler';

/** A handler may discard finished messages only later. */
const SURELY_TAKEN_MILLISECONDS = 28_000;
const ROUTES_LIMIT_MILLISECONDS = 29_000;
/** For this long after the handshake, another host of the gateway may still respond with 410. */
const HOSTS_AGREE_AFTER_MILLISECONDS = 5_000;

export interface Client {
  script: ClientScript;
  state: 'new' | 'connecting' | 'accepted' | 'open' | 'refused' | 'gone';
  /** 0 if it was never open. */
  openedAt: number;
  sent: number;
  /** The texts that the gateway was told in time to be accepted. */
  taken: string[];
  stays: boolean;
  /** A function has closed it. */
  wasClosed: boolean;
}

export class Clients {
  readonly byId: Map<string, Client>;

  constructor(
    scripts: Record<string, ClientScript>,
    private readonly scheduler: Scheduler,
    private readonly gateway: FakeGateway,
    private readonly handlers: Handlers,
    /** The routes function's response for a message. */
    private readonly environment: () => Handlers,
  ) {
    this.byId = new Map(
      Object.entries(scripts).map(([id, script]) => [
        id,
        {
          ...{ script, state: 'new', openedAt: 0, sent: 0, taken: [] },
          ...{ stays: script.leaves === undefined, wasClosed: false },
        },
      ]),
    );
  }

  /** Whether another host of the gateway may not know it yet. */
  isYoung(id: string): boolean {
    const openedAt = this.byId.get(id)?.openedAt ?? 0;
    return openedAt > this.scheduler.clock.now() - HOSTS_AGREE_AFTER_MILLISECONDS;
  }

  /** Whether a handshake is about to finish. */
  isOpening(): boolean {
    return [...this.byId.values()].some(({ state }) => state === 'accepted');
  }

  /** Whether a client is connected, or may still be. */
  areThere(): boolean {
    return [...this.byId.values()].some(({ state }) => state !== 'gone' && state !== 'refused');
  }

  /** Before the exploration: connects the client. */
  async connectAtRest(id: string, client: Client): Promise<void> {
    this.gateway.begin(id);
    await this.handlers.connect(this.#connectEvent(id, client), lambdaContext());
    this.#opened(id, client);
  }

  /** Before the exploration: sends the client's earlier messages. */
  async sendAtRest(id: string, { script, taken }: Client): Promise<void> {
    for (const [n, text] of (script.hasSent ?? []).entries()) {
      await this.handlers.message(this.#messageEvent(id, text, `before-${n}`), lambdaContext());
      taken.push(text);
    }
  }

  /** After the exploration: the client leaves, and `$disconnect` runs. */
  async leaveAtRest(id: string): Promise<void> {
    (this.byId.get(id) as Client).state = 'gone';
    this.gateway.close(id);
    await this.handlers.disconnect(this.#disconnectEvent(id), lambdaContext());
  }

  offer(offer: Offer): void {
    for (const [id, client] of this.byId) this.#offerEvents(offer, id, client);
  }

  #offerEvents(offer: Offer, id: string, client: Client): void {
    const { script, state } = client;
    const call = { to: 'gateway', operation: 'event', subject: id } as const;
    const event = (what: string, action: () => void) => offer(what, action, { call });
    if (state === 'new') event(`${id} connects`, () => this.#connect(id, client));
    if (state === 'connecting' && script.leavesEarly) {
      // Not independent of the result of `$connect`.
      offer(`${id} leaves during its handshake`, () => this.#leave(id, client, true));
    }
    if (state === 'accepted') event(`the handshake of ${id} finishes`, () => this.#opened(id, client));
    if (state !== 'open') return;
    const next = script.sends?.[client.sent];
    if (next !== undefined && (script.sideBySide || !this.scheduler.isBusy(`message of ${id}`))) {
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

  /** Called when a function has closed the connection. The gateway reports this with `$disconnect`, if at all. */
  closed(id: string): void {
    const client = this.byId.get(id) as Client;
    client.state = 'gone';
    client.wasClosed = true;
    this.#disconnect(id, client.script.leaves === 'told or not');
  }

  /** Called when an invocation has crashed or failed. If it was a `$connect`, its client is refused. */
  ended({ name }: Actor): void {
    const client = this.byId.get(name.replace('$connect of ', ''));
    if (client?.state === 'connecting') client.state = 'refused';
  }

  /** Equal for equal states. */
  state(): unknown {
    const received = (id: string, { state }: Client) => (state === 'new' ? [] : this.gateway.received(id));
    return [...this.byId].map(([id, client]) => {
      const { script: _, ...now } = client;
      return [id, now, received(id, client)];
    });
  }

  #opened(id: string, client: Client): void {
    this.gateway.open(id);
    client.state = 'open';
    client.openedAt = this.scheduler.clock.now();
  }

  #connect(id: string, client: Client): void {
    client.state = 'connecting';
    this.gateway.begin(id);
    this.#route(`$connect of ${id}`, async (context) => {
      const { statusCode } = await this.handlers.connect(this.#connectEvent(id, client), context);
      if (client.state === 'connecting') client.state = statusCode === 200 ? 'accepted' : 'refused';
    });
  }

  #send(id: string, client: Client, text: string): void {
    client.sent++;
    const { clock } = this.scheduler;
    const sentAt = clock.now();
    const event = this.#messageEvent(id, text, String(client.sent));
    this.#route(`message of ${id}: ${client.sent}`, async (context) => {
      await this.environment().message(event, context);
      if (clock.now() <= sentAt + SURELY_TAKEN_MILLISECONDS) client.taken.push(text);
    });
  }

  #leave(id: string, client: Client, told: boolean): void {
    client.state = 'gone';
    this.gateway.close(id);
    if (told) this.#disconnect(id);
  }

  #disconnect(id: string, mayBeLost = false): void {
    const event = this.#disconnectEvent(id);
    const run = () => this.handlers.disconnect(event, lambdaContext());
    const name = `$disconnect of ${id}`;
    this.scheduler.add(new Actor(name, ROUTES_LIMIT_MILLISECONDS, run, undefined, mayBeLost));
  }

  #route(name: string, run: (context: LambdaContext) => Promise<unknown>): void {
    const context = lambdaContext({ requestId: name });
    this.scheduler.begin(new Actor(name, ROUTES_LIMIT_MILLISECONDS, () => run(context)));
  }

  #connectEvent(id: string, { script }: Client) {
    return connectEvent({
      ...{ webSocketId: id, time: this.scheduler.clock.now() },
      ...(script.session !== undefined && { principalId: script.session }),
    });
  }

  #messageEvent(id: string, text: string, messageId: string) {
    const event = messageEvent(text, { webSocketId: id, time: this.scheduler.clock.now() });
    // Which of two messages from the same millisecond counts as later must be the same on each path.
    event.requestContext.requestId = `${id} ${messageId}`;
    event.requestContext.messageId = Buffer.from(`${id} ${messageId}`).toString('base64');
    return event;
  }

  #disconnectEvent(id: string) {
    return disconnectEvent({ webSocketId: id, time: this.scheduler.clock.now() });
  }
}
