/** A dedicated socket's loop. Returns each line with its number, which continues across handovers. */
import { createHandlers, type Resumption, WebSocketServer } from '../../../../lib';

class LoopServer extends WebSocketServer {
  override sharedConnection = false;
  #lines = 0;

  override async server(resumed?: Resumption) {
    this.#lines = Number(resumed?.state ?? 0);
    console.log(resumed ? `goes on after line ${this.#lines}` : 'begins');
    for await (const line of this.messages({ settleMilliseconds: 500 })) {
      if (line === 'exit') return;
      await this.write(`${++this.#lines}: ${line}`);
      // Its first owner crashes after it has answered the line, but before the line is marked as read.
      if (line === 'die' && !resumed) process.exit(1);
    }
  }

  override async onHandover() {
    return this.#lines;
  }
  override async onPostServer() {
    console.log(`has ended after line ${this.#lines}`);
  }
}

export const { routes, server } = createHandlers(LoopServer);
