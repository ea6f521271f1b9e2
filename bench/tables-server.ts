/** One DynamoDB behind a TCP port of 127.0.0.1, the runtime's own or dynalite; prints the port. */
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '../local/clock';
import { LocalDynamoDb } from '../local/dynamodb/local-dynamodb';
import { silentLog } from '../local/log';

async function ownServer(): Promise<Server> {
  const { handler } = await LocalDynamoDb.start({
    ...{ region: 'us-east-1', accountId: '000000000000', tables: [], clock: systemClock, log: silentLog },
  });
  return createServer((request, response) => void handler.handle(request, response));
}

async function dynaliteServer(): Promise<Server> {
  const { default: dynalite } = await import('dynalite' as string);
  return dynalite({ createTableMs: 0 });
}

async function main(): Promise<void> {
  const server = process.argv[2] === 'dynalite' ? await dynaliteServer() : await ownServer();
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}

void main();
