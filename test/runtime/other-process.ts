/** A separate process that knows only the id of a WebSocket and its environment. */
import { SharedConnection } from '../../lib';

async function main(webSocketId: string): Promise<void> {
  const socket = await SharedConnection.open(webSocketId);
  await socket.write(JSON.stringify({ Type: 'Chat', Message: 'aGk=' }));
  console.log((await socket.status()).identity.sourceIp);
  await socket.end();
}

void main(process.argv[2] as string);
