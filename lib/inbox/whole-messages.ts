/** Reads whole messages with a reader of pieces: as an iterator, or as bytes. */

import { MAX_MESSAGE_BYTES } from '../delivery/delivery';
import { WebSocketClosedError } from '../errors';
import { fromDataUrl } from '../messages/binary-data';
import type { ReadOptions } from './message-reader';

/** How long to wait for a message. */
export type WaitOptions = Omit<ReadOptions, 'maxLength'>;

interface Readable {
  read(options?: ReadOptions): Promise<string>;
}

/** In the order of sending. Ends when the socket closes. Throws at a timeout. */
export async function* messagesOf(
  socket: Readable,
  options: WaitOptions,
): AsyncGenerator<string, void, undefined> {
  for (;;) {
    const next = await readWhole(socket, { settleMilliseconds: 'adaptive', ...options }).catch(
      (error: unknown) => {
        if (error instanceof WebSocketClosedError) return undefined;
        throw error;
      },
    );
    if (next === undefined) return;
    yield next;
  }
}

/** The bytes of a data URL, or of any other text in UTF-8. */
export async function bytesOf(socket: Readable, options: WaitOptions): Promise<Buffer> {
  const text = await readWhole(socket, options);
  return fromDataUrl(text) ?? Buffer.from(text);
}

/** No message that API Gateway accepts has more characters than bytes. */
function readWhole(socket: Readable, options: WaitOptions): Promise<string> {
  return socket.read({ ...options, maxLength: MAX_MESSAGE_BYTES });
}
