import { WebSocketServer } from 'shared-connection';

export class EchoServer extends WebSocketServer {
  override async server() {
    await this.write(`You are ${this.webSocketId}`);
  }

  override async onClientMessage(data: string) {
    await this.write(data);
  }
}
