/** A class that tells each client its id, and leaves its messages to any reader. */
import { createHandlers, WebSocketServer } from '../../../../lib';

class InboxServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override async server() {
    await this.write(this.webSocketId);
  }
}

export const { routes, server } = createHandlers(InboxServer);
