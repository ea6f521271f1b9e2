/** Responds to bytes with the same bytes in reverse, and to text with a message of the requested size. */
import { createHandlers, MessageTooLargeError, WebSocketServer } from '../../../../lib';

class BinaryServer extends WebSocketServer {
  override binaryData = true;

  override async onClientMessage(data: string, bytes?: Buffer) {
    if (bytes) return this.write(bytes.reverse());
    try {
      await this.write(Buffer.alloc(Number(data), 'x'));
    } catch (error) {
      if (!(error instanceof MessageTooLargeError)) throw error;
      await this.write(error.message);
    }
  }
}

export const { routes, server } = createHandlers(BinaryServer);
