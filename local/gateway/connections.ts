/** The connections that are open now. A connection is here from the answer to its handshake until it has ended. */
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

  /** The open connection. An id means nothing at another stage than its own. */
  find(stage: DeployedStage, connectionId: string): Connection | undefined {
    const connection = this.#byId.get(connectionId);
    return connection?.stage === stage && connection.isOpen ? connection : undefined;
  }

  /** Also those that a client is closing just now. */
  all(): Connection[] {
    return [...this.#byId.values()];
  }
}
