/**
 * A separate process that knows only the id of a WebSocket and its environment. Prints each message that it reads as
 * a line of JSON, until none arrives for a while.
 * Arguments: the id, the timeout of a read in seconds, how long a message may settle in milliseconds.
 */
import { SharedConnection, WebSocketTimeoutError } from '../../lib';

async function main([webSocketId = '', timeout = '30', settle = '0']: string[]): Promise<void> {
  const socket = await SharedConnection.open(webSocketId);
  console.log(JSON.stringify('reading'));
  const options = { timeoutSeconds: Number(timeout), settleMilliseconds: Number(settle) };
  try {
    for await (const message of socket.messages(options)) console.log(JSON.stringify(message));
  } catch (error) {
    if (!(error instanceof WebSocketTimeoutError)) throw error;
  }
}

void main(process.argv.slice(2));
