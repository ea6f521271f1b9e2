/**
 * What an environment remembers about connections between their messages: session, user and attributes. A known
 * connection is read once a minute. If its user or attributes have changed since the handshake, it is read for each
 * message, because any environment may change them again.
 */
import type { Clock } from '../clock';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { identityOf } from '../connections/identity';
import type { Table } from '../table/table';

export type KnownConnection = Pick<
  Connection,
  'sessionId' | 'attributes' | 'attributesRevision' | 'user' | 'info' | 'identifiedAt'
>;

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

  /** Stores a connection that was just accepted or read. */
  remember(webSocketId: string, connection: KnownConnection): void {
    const { sessionId, attributes, attributesRevision, identifiedAt } = connection;
    this.#known.delete(webSocketId);
    const isLarge = JSON.stringify(attributes).length > REMEMBERED_CHARACTERS;
    if (attributesRevision !== undefined || identifiedAt !== undefined || isLarge) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= REMEMBERED_CONNECTIONS) this.#known.delete(oldest);
    const until = this.clock.now() + REMEMBERED_MILLISECONDS;
    this.#known.set(webSocketId, { sessionId, attributes, ...identityOf(connection), until });
  }

  /** From memory, or else from the table. A connection that is not in the table has no session, user or attributes. */
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
