/** The WebSocket class for a real Centrifuge client in a test. The other end is a service in memory. */
import type { TestClient, TestService } from '../../../lib/testing';

const OPEN = 1;
const CLOSED = 3;

/** What the service sends between two frames of the client arrives with the reply to the next frame. */
export function webSocketTo(test: TestService) {
  return class TestSocket {
    readyState = 0;
    binaryType = 'blob';
    onopen = () => {};
    onmessage = (_event: { data: string }) => {};
    onerror = (_error: unknown) => {};
    onclose = (_event: { code: number; reason: string }) => {};
    #client: TestClient | undefined;
    #delivered = 0;
    #sending = Promise.resolve();

    constructor(_url: string, subprotocol?: string) {
      test.connect({ subprotocols: subprotocol ? [subprotocol] : [] }).then(
        (client) => {
          this.#client = client;
          this.readyState = OPEN;
          this.onopen();
        },
        (error) => {
          this.onerror(error);
          this.#close(1006);
        },
      );
    }

    send(frame: string): void {
      this.#sending = this.#sending.then(async () => {
        await this.#client?.send(frame);
        this.#deliver();
      });
    }

    close(): void {
      if (this.#client && this.readyState === OPEN) this.#client.vanish();
      this.#close(1000);
    }

    #deliver(): void {
      const frames = this.#client?.received ?? [];
      for (const data of frames.slice(this.#delivered)) this.onmessage({ data });
      this.#delivered = frames.length;
      // A socket reports its frames and its close in order.
      if (this.#client && !test.gateway.isOpen(this.#client.webSocketId))
        setImmediate(() => this.#close(1000));
    }

    #close(code: number): void {
      if (this.readyState === CLOSED) return;
      this.readyState = CLOSED;
      this.onclose({ code, reason: '' });
    }
  };
}
