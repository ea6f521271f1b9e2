/**
 * What an environment remembers of connections between their messages: session and attributes. One that it meets is read once a minute;
 * one whose attributes have been changed since its handshake is read for each message, since any environment may change them again.
 */
import type { Clock } from '../clock';
import type { Connection } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import type { Table } from '../table/table';

export type KnownConnection = Pick<Connection, 'sessionId' | 'attributes' | 'attributesRevision'>;

const REMEMBERED_CONNECTIONS = 10_000;
/** Of JSON: whoever has noted more is read for each message, so that all together stay small. */
const REMEMBERED_CHARACTERS = 2_000;
/** So long a change by another environment may remain unseen, if it is the connection's first. */
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

  /** As it was accepted, or read. */
  remember(webSocketId: string, { sessionId, attributes, attributesRevision }: KnownConnection): void {
    this.#known.delete(webSocketId);
    const isLarge = JSON.stringify(attributes).length > REMEMBERED_CHARACTERS;
    if (attributesRevision !== undefined || isLarge) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= REMEMBERED_CONNECTIONS) this.#known.delete(oldest);
    const until = this.clock.now() + REMEMBERED_MILLISECONDS;
    this.#known.set(webSocketId, { sessionId, attributes, until });
  }

  /** One that the table has not is known to have nothing. */
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
