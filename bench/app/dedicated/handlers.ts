/** A library service with dedicated sockets whose loop echoes every message. */
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
