/** A server class that records which of its hooks run. */
import { WebSocketServer } from '../../../lib';

/** What happened, in all instances of the class. */
export const happened: string[] = [];
beforeEach(() => {
  happened.length = 0;
});

export class Recorder extends WebSocketServer {
  override async onPreServer() {
    happened.push(`onPreServer ${this.sessionId}`);
    this.attributes.seat = 12;
  }
  override async server() {
    happened.push(`server ${this.attributes.seat}`);
    await this.write('welcome');
  }
  override async onClientMessage(data: string) {
    happened.push(`onClientMessage ${data}`);
    if (data === 'bye') await this.end();
  }
  override async onPostServer(code?: number, reason?: string) {
    happened.push(`onPostServer ${code} ${reason} ${this.attributes.seat}`);
  }
}
