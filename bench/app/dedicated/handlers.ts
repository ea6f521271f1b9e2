/** A service of the library with dedicated sockets: the loop says everything back. */
import { createHandlers, WebSocketServer } from '../../../lib';

class DedicatedServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override sharedConnection = false;

  override async server(): Promise<void> {
    await this.write('begins');
    for await (const message of this.messages()) await this.write(message);
  }
}

export const { routes, server } = createHandlers(DedicatedServer);
