/** A proxy between clients and a server on this machine. It cuts their TCP connections, and refuses new ones. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class CuttableProxy {
  isDown = false;
  readonly #pairs = new Set<[client: Socket, server: Socket]>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.#join(client));
  }

  /** Resolves when it is listening. */
  static async before(target: number): Promise<CuttableProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttableProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Cuts every connection, or the one with a client's port. */
  cut(clientPort?: number): void {
    for (const [client, server] of this.#pairs) {
      if (clientPort !== undefined && client.remotePort !== clientPort) continue;
      client.resetAndDestroy();
      server.destroy();
    }
  }

  async close(): Promise<void> {
    this.isDown = true;
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  #join(client: Socket): void {
    client.on('error', () => {});
    if (this.isDown) {
      client.destroy();
      return;
    }
    const server = connect(this.target, '127.0.0.1').on('error', () => {});
    const pair: [Socket, Socket] = [client, server];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.once('close', () => {
        this.#pairs.delete(pair);
        for (const end of pair) end.destroy();
      });
    }
    client.pipe(server).pipe(client);
  }
}
