/** A service of the library whose messages lie in the inbox until some process reads them: says to each client who it is. */
import { createHandlers, WebSocketServer } from '../../../lib';

class InboxServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override async server(): Promise<void> {
    await this.write(this.webSocketId);
  }
}

export const { routes, server } = createHandlers(InboxServer);
