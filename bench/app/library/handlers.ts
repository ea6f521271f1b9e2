/**
 * A library service. `broadcast` is sent to everyone: with the library's `deliver`, `through the SDK`, or `raw`.
 * Every other message is echoed.
 */
import { createHandlers, WebSocketServer } from '../../../lib';
import { broadcastRaw } from './broadcast-raw';
import { broadcastThroughSdk } from './broadcast-through-sdk';

class BenchServer extends WebSocketServer {
  static override readonly limits = { messagesPerSecond: Number.POSITIVE_INFINITY };

  override async onClientMessage(data: string): Promise<void> {
    if (data === 'broadcast through the SDK') await broadcastThroughSdk(this.service.members(), data);
    else if (data === 'broadcast raw') await broadcastRaw(this.service.members(), data);
    else if (data.startsWith('broadcast')) await this.service.deliver(data);
    else await this.write(data);
  }

  override async onPostServer(): Promise<void> {
    console.log(`gone ${this.webSocketId}`);
  }
}

export const { routes, server } = createHandlers(BenchServer);
