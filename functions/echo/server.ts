/**
 * The echo server of %CSP.WebSocket's documentation: a dedicated socket, whose `server()` reads and writes until it
 * reads "exit".
 */
import { WebSocketServer, WebSocketTimeoutError } from '../../lib';

const TIMEOUT_SECONDS = 10;

export class EchoServer extends WebSocketServer {
  override sharedConnection = false;

  override async server(): Promise<void> {
    for (;;) {
      try {
        const data = await this.read({ timeoutSeconds: TIMEOUT_SECONDS });
        if (data === 'exit') return;
        await this.write(data);
      } catch (error) {
        if (!(error instanceof WebSocketTimeoutError)) throw error;
        await this.write(`Server timed-out at ${new Date().toISOString()}`);
      }
    }
  }
}
