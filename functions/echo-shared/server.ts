/**
 * The echo server as a shared socket. No process runs while the client is silent, so there is nothing that could time
 * out.
 */
import { WebSocketServer } from '../../lib';

export class SharedEchoServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    if (data === 'exit') await this.end();
    else await this.write(data);
  }
}
