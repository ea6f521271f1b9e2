/**
 * What an environment remembers about connections between their messages: session and attributes. A known connection
 * is read once a minute. If its attributes have changed since the handshake, it is read for each message, because any
 * environment may change them again.
 */
import type { Clock } from '../clock';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import type { Table } from '../table/table';

export type KnownConnection = Pick<Connection, 'sessionId' | 'attributes' | 'attributesRevision'>;

const REMEMBERED_CONNECTIONS = 10_000;
/** Size as JSON. A connection with more attributes is read for each message, so that the cache stays small. */
const REMEMBERED_CHARACTERS = 2_000;
/** How long the first change by another environment may go unseen. */
const REMEMBERED_MILLISECONDS = 60_000;
const UNKNOWN: KnownConnection = { sessionId: '', attributes: {} };

export class KnownConnections {
  readonly #known = new Map<string, KnownConnection & { until: number }>();
  readonly #store: ConnectionStore;

  constructor(
    table: Table,
    private readonly clock: Clock,
  ) {
    this.#store = new ConnectionStore(table, clock);
  }

  /** As it was accepted or read. */
  remember(webSocketId: string, { sessionId, attributes, attributesRevision }: KnownConnection): void {
    this.#known.delete(webSocketId);
    const isLarge = JSON.stringify(attributes).length > REMEMBERED_CHARACTERS;
    if (attributesRevision !== undefined || isLarge) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= REMEMBERED_CONNECTIONS) this.#known.delete(oldest);
    const until = this.clock.now() + REMEMBERED_MILLISECONDS;
    this.#known.set(webSocketId, { sessionId, attributes, until });
  }

  /** A connection that is not in the table is known to have nothing. */
  async connection(webSocketId: string): Promise<KnownConnection> {
    const known = this.#known.get(webSocketId);
    if (known && this.clock.now() < known.until) return known;
    const connection = await this.#store.connection(webSocketId);
    if (!connection) return UNKNOWN;
    this.remember(webSocketId, connection);
    return connection;
  }

  forget(webSocketId: string): void {
    this.#known.delete(webSocketId);
  }
}
