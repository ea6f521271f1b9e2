/** The open connections, from the response to the handshake until the end. */
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

  /** An id is valid only for its own stage. */
  find(stage: DeployedStage, connectionId: string): Connection | undefined {
    const connection = this.#byId.get(connectionId);
    return connection?.stage === stage && connection.isOpen ? connection : undefined;
  }

  /** Includes connections that their client is closing. */
  all(): Connection[] {
    return [...this.#byId.values()];
  }
}
