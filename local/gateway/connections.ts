/** The open connections. A connection is here from the response to its handshake until it ends. */
import type { Connection } from './connection';
import type { DeployedStage } from './deployed-stage';

export class Connections {
  readonly #byId = new Map<string, Connection>();

  add(connection: Connection): void {
    this.#byId.set(connection.connectionId, connection);
  }

  remove(connection: Connection): void {
    this.#byId.delete(connection.connectionId);
  }

  /** The open connection. An id is only valid at its own stage. */
  find(stage: DeployedStage, connectionId: string): Connection | undefined {
    const connection = this.#byId.get(connectionId);
    return connection?.stage === stage && connection.isOpen ? connection : undefined;
  }

  /** Includes those that a client is just closing. */
  all(): Connection[] {
    return [...this.#byId.values()];
  }
}
