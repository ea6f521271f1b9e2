/**
 * One invocation's ownership of a dedicated socket. It renews the lease, takes messages under its epoch, and
 * interrupts the loop in time to hand over. A message counts as read when the loop asks for the next one, so delivery
 * is at least once.
 */
import type { Backend } from '../backend';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { isOpening } from '../connections/opening-window';
import { SettlementStore } from '../departures/settlement-store';
import { Inbox, type InboxMessage } from '../inbox/inbox';
import { MessageReader, type ReadOptions } from '../inbox/message-reader';
import { Interrupt } from '../server/interrupt';
import { type Ownership, OwnershipStore } from './ownership';

const HEARTBEAT_MILLISECONDS = 15_000;
/** A message that has crashed this many owners ends the socket. */
const MAX_ATTEMPTS = 3;

/** Another invocation owns the socket, so this one's writes no longer count. */
export class OwnershipLost extends Error {}

/** A message has crashed every owner that took it. */
export class UnmanageableMessage extends Error {}

export class Owner {
  readonly #store: ConnectionStore;
  readonly #settlements: SettlementStore;
  readonly #ownerships: OwnershipStore;
  readonly #inbox: Inbox;
  readonly #reader: MessageReader;
  #inHand: InboxMessage | undefined;
  readonly #interrupt: Interrupt;
  #isLost = false;
  /** Milliseconds since the epoch; Infinity until the loop begins. */
  #openedAt = Number.POSITIVE_INFINITY;
  #cancelBeat = () => {};
  #beating: Promise<void> = Promise.resolve();

  /** `handoverAt`, in milliseconds since the epoch, is when the loop is interrupted. */
  constructor(
    private readonly connection: Connection,
    private readonly ownership: Ownership,
    private readonly backend: Backend,
    handoverAt: number,
  ) {
    const { table, clock, random } = backend;
    const { webSocketId } = connection;
    this.#interrupt = new Interrupt(webSocketId, clock, handoverAt);
    this.#store = new ConnectionStore(table, clock);
    this.#settlements = new SettlementStore(table, clock);
    this.#ownerships = new OwnershipStore(webSocketId, table, clock);
    this.#inbox = new Inbox(webSocketId, table, clock);
    this.#reader = new MessageReader(webSocketId, {
      ...{ inbox: this.#inbox, clock, random, deadline: Number.POSITIVE_INFINITY },
      ...{ settle: 'adaptive', startMilliseconds: backend.startMilliseconds },
      beforeLook: () => this.#mayGoOn(),
      take: (message) => this.#take(message),
      closedAt: () => this.#store.closedAt(webSocketId),
      hasGone: () => this.#hasGone(),
    });
    this.#beatLater();
  }

  get atEnd(): boolean {
    return this.#reader.atEnd;
  }

  /** Whether the loop has been interrupted, even if it ignored that. */
  get isInterrupted(): boolean {
    return this.#interrupt.hasBegun;
  }

  /** Resolves some time after the interrupt, if the loop has ignored it. */
  get overdue(): Promise<void> {
    return this.#interrupt.overdue;
  }

  /** The loop begins. From now on, a 410 means that the client has disconnected. */
  opened(): void {
    this.#openedAt = this.backend.clock.now();
  }

  /** How long the loop has run. Negative before it begins. */
  get openMilliseconds(): number {
    return this.backend.clock.now() - this.#openedAt;
  }

  /** @throws HandoverInterrupt, OwnershipLost, UnmanageableMessage, and as `SharedConnection.read` */
  async read(options?: ReadOptions): Promise<string> {
    if (this.#reader.atEnd) await this.acknowledge();
    return this.#reader.read(options);
  }

  /** The current message has been handled. */
  async acknowledge(): Promise<void> {
    const message = this.#inHand;
    this.#inHand = undefined;
    if (message) await this.#inbox.acknowledge(message, `epoch ${this.ownership.epoch}`);
  }

  /** Stops the heartbeat and waits for one that is under way. */
  async rest(): Promise<void> {
    this.#interrupt.rest();
    this.#cancelBeat();
    await this.#beating;
    this.#cancelBeat();
  }

  async #mayGoOn(): Promise<void> {
    if (this.#isLost) throw new OwnershipLost();
    await this.#interrupt.check();
  }

  async #take(message: InboxMessage): Promise<true> {
    const { epoch, taken, attempts } = this.ownership;
    const attempt = message.sk === taken ? attempts + 1 : 1;
    if (attempt > MAX_ATTEMPTS) {
      throw new UnmanageableMessage(
        `A message of WebSocket ${this.connection.webSocketId} crashed server() ${MAX_ATTEMPTS} times.`,
      );
    }
    if (!(await this.#ownerships.take(epoch, message.sk, attempt))) throw new OwnershipLost();
    this.#inHand = message;
    return true;
  }

  #beatLater(): void {
    this.#cancelBeat = this.backend.clock.after(HEARTBEAT_MILLISECONDS, () => {
      this.#beating = this.#beat();
    });
  }

  /** Renews the lease, and notices a client whose `$disconnect` was lost. Without this, the loop would wait forever. */
  async #beat(): Promise<void> {
    const { webSocketId } = this.connection;
    try {
      if (!(await this.#ownerships.renew(this.ownership.epoch))) {
        this.#isLost = true;
        return;
      }
      if (this.openMilliseconds >= 0) await this.#lookAtClient();
    } catch (error) {
      console.warn(`The heartbeat of WebSocket ${webSocketId} failed and will be retried: ${String(error)}`);
    }
    this.#beatLater();
  }

  async #lookAtClient(): Promise<void> {
    if (await this.#hasGone()) await this.#settlements.markClosed(this.connection, {});
  }

  async #hasGone(): Promise<boolean> {
    const probeSentAt = this.backend.clock.now();
    const status = await this.backend.connections.get(this.connection);
    return !status && !isOpening(this.connection.acceptedAt, probeSentAt);
  }
}
