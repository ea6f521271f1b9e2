/**
 * The contract of `read`, `write` and `end` for a socket whose messages go to the inbox. Runs against the fakes and
 * the local runtime.
 */
import {
  type SharedConnection,
  WebSocketClosedError,
  WebSocketTimeoutError,
  WebSocketUnknownError,
} from '../../lib';

/** A client at the other end of the connection. */
export interface ContractClient {
  readonly webSocketId: string;
  send(text: string): Promise<void>;
  /** Resolves when this many of its messages are in the inbox. */
  stored(count: number): Promise<void>;
  /** The next frame that was not returned yet. */
  hears(): Promise<string>;
  close(): Promise<void>;
  /** Resolves to the code when the server has closed the connection. */
  closed(): Promise<number>;
}

/** An implementation that provides sockets. */
export interface Place {
  connect(): Promise<ContractClient>;
  open(webSocketId: string): Promise<SharedConnection>;
}

export function describeContract(name: string, place: Place): void {
  describe(`read, write and end, ${name}`, () => {
    const pair = async () => {
      const client = await place.connect();
      return { client, socket: await place.open(client.webSocketId) };
    };

    it('write sends text as it is', async () => {
      const { client, socket } = await pair();
      await socket.write('ä€😀 "<&');
      expect(await client.hears()).toBe('ä€😀 "<&');
    });

    it('write sends bytes as a data URL', async () => {
      const { client, socket } = await pair();
      await socket.write(Uint8Array.of(0, 127, 128, 255));
      expect(await client.hears()).toBe('data:application/octet-stream;base64,AH+A/w==');
    });

    it('read returns what the client has sent, in order', async () => {
      const { client, socket } = await pair();
      for (const text of ['one', 'zwei', '三']) await client.send(text);
      // Their order does not depend on how long their functions took to start.
      await client.stored(3);
      const options = { timeoutSeconds: 10 };
      const read = [await socket.read(options), await socket.read(options), await socket.read(options)];
      expect(read).toEqual(['one', 'zwei', '三']);
    });

    it('read waits for the next message', async () => {
      const { client, socket } = await pair();
      const reading = socket.read({ timeoutSeconds: 10 });
      await client.send('at last');
      expect(await reading).toBe('at last');
    });

    it('read returns a long message in pieces', async () => {
      const { client, socket } = await pair();
      await client.send('abcde');
      const options = { maxLength: 3, timeoutSeconds: 10 };
      expect([await socket.read(options), socket.atEnd]).toEqual(['abc', false]);
      expect([await socket.read(options), socket.atEnd]).toEqual(['de', true]);
    });

    it('read times out on a silent client, and the socket stays open', async () => {
      const { client, socket } = await pair();
      await expect(socket.read({ timeoutSeconds: 0.1 })).rejects.toThrow(WebSocketTimeoutError);
      await expect(socket.read({ timeoutSeconds: 0 })).rejects.toThrow(WebSocketTimeoutError);
      await socket.write('still here');
      expect(await client.hears()).toBe('still here');
    });

    it('read gives a message to only one of two readers', async () => {
      const { client, socket } = await pair();
      const other = await place.open(client.webSocketId);
      await client.send('for one');
      const options = { timeoutSeconds: 1 };
      const read = await Promise.allSettled([socket.read(options), other.read(options)]);
      expect(read.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('read returns bytes', async () => {
      const { client, socket } = await pair();
      await client.send('data:application/octet-stream;base64,AH+A/w==');
      expect([...(await socket.readBytes({ timeoutSeconds: 10 }))]).toEqual([0, 127, 128, 255]);
    });

    it('end closes with 1000, and afterwards every call reports closed', async () => {
      const { client, socket } = await pair();
      const closed = client.closed();
      await socket.end();
      expect(await closed).toBe(1000);
      await untilClosed(socket);
      await socket.end();
    });

    it('open distinguishes a closed id from an unknown one', async () => {
      const { client, socket } = await pair();
      await client.close();
      await untilClosed(socket);
      await expect(place.open(client.webSocketId)).rejects.toThrow(WebSocketClosedError);
      await expect(place.open('AAAAAAAAAAAAAAA=')).rejects.toThrow(WebSocketUnknownError);
    });
  });
}

/** `$disconnect` runs after the close. Until then, a 410 for such a young connection proves nothing. */
async function untilClosed(socket: SharedConnection): Promise<void> {
  for (;;) {
    const error: unknown = await socket.read({ timeoutSeconds: 0 }).catch((reason) => reason);
    if (error instanceof WebSocketClosedError) return;
  }
}
