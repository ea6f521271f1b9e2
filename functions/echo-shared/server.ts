/**
 * The echo server as a shared socket. It uses no process while nobody speaks, so it has nothing that could time out.
 */
import { WebSocketServer } from '../../lib';

export class SharedEchoServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    if (data === 'exit') await this.end();
    else await this.write(data);
  }
}
