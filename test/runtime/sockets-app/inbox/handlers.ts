/** A class that says to each client who it is, and leaves its messages to whoever reads them. */
import { createHandlers, WebSocketServer } from '../../../../lib';

class InboxServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override async server() {
    await this.write(this.webSocketId);
  }
}

export const { routes, server } = createHandlers(InboxServer);
