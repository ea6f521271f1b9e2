/** A dedicated socket's loop: says each line back with its number, which it keeps across handovers. */
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
      // Its first owner dies with the line answered, but not yet read.
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
