/** A library service whose messages stay in the inbox until a process reads them. It tells each client its id. */
import { createHandlers, WebSocketServer } from '../../../lib';

class InboxServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override async server(): Promise<void> {
    await this.write(this.webSocketId);
  }
}

export const { routes, server } = createHandlers(InboxServer);
