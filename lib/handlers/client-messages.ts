/** Passes a client's message to `onClientMessage`, parsed if the class has a schema, and errors to `onError`. */
import { fromDataUrl } from '../messages/binary-data';
import { parsedMessage } from '../messages/client-message';
import type { AnyServer, ServerClass } from '../server/server-class';

export async function serveClientMessage(
  { messages }: ServerClass,
  server: AnyServer,
  body: string,
): Promise<void> {
  try {
    const data = messages ? await parsedMessage(messages, body) : body;
    await server.onClientMessage(data, server.binaryData ? fromDataUrl(body) : undefined);
    await server.saveAttributes();
  } catch (error) {
    await server.onError(error);
  }
}
