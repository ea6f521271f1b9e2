/** A service of the library: `broadcast …` goes to everyone, anything else back. */
import { createHandlers, WebSocketServer } from '../../../lib';

class BenchServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    if (data.startsWith('broadcast')) await this.service.deliver(data);
    else await this.write(data);
  }

  override async onPostServer(): Promise<void> {
    console.log(`gone ${this.webSocketId}`);
  }
}

export const { routes, server } = createHandlers(BenchServer);
