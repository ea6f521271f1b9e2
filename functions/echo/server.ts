/** The echo server of %CSP.WebSocket's documentation: a dedicated socket, whose `server()` reads and writes until it hears "exit". */
import { WebSocketServer, WebSocketTimeoutError } from '../../lib';

const TIMEOUT_SECONDS = 10;
/** API Gateway runs the messages of one client side by side: one that overtook another waits for it so long. */
const SETTLE_MILLISECONDS = 100;

export class EchoServer extends WebSocketServer {
  override sharedConnection = false;

  override async server(): Promise<void> {
    for (;;) {
      try {
        const data = await this.read({
          timeoutSeconds: TIMEOUT_SECONDS,
          settleMilliseconds: SETTLE_MILLISECONDS,
        });
        if (data === 'exit') return;
        await this.write(data);
      } catch (error) {
        if (!(error instanceof WebSocketTimeoutError)) throw error;
        await this.write(`Server timed-out at ${new Date().toISOString()}`);
      }
    }
  }
}
