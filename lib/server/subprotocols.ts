/**
 * The subprotocols that a client offers, and the one that `onPreServer` chooses. API Gateway does not negotiate them.
 */
import { InvalidUseError } from '../errors';
import { listedValues } from '../handlers/headers';
import type { ServerContext } from './server-context';

export class Subprotocols {
  /** In the client's order. */
  readonly offered: readonly string[];
  #chosen: string | undefined;

  constructor(private readonly context: ServerContext) {
    const { event } = context;
    this.offered = event && 'headers' in event ? listedValues(event, 'Sec-WebSocket-Protocol') : [];
  }

  get chosen(): string | undefined {
    return this.#chosen;
  }

  set chosen(name: string) {
    const { hook, member } = this.context;
    if (hook !== 'onPreServer') {
      throw new InvalidUseError(
        `subprotocol was set in ${hook} of WebSocket ${member.webSocketId}, but the handshake is already over. Set it in onPreServer.`,
      );
    }
    if (!this.offered.includes(name)) {
      const offered = this.offered.map((other) => JSON.stringify(other)).join(', ') || 'none';
      throw new InvalidUseError(
        `The subprotocol ${JSON.stringify(name)} was chosen for WebSocket ${member.webSocketId}, but its client offers ${offered}. Choose one of this.subprotocols, choose none, or call refuse().`,
      );
    }
    this.#chosen = name;
  }
}
