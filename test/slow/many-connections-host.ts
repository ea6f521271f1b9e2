/**
 * Runs only a runtime with many connections, so that the memory of the process is the runtime's. The test that forked
 * it calls it.
 */
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { startApp } from '../runtime/running-app';
import { restingMegabytes } from './resting-memory';

/** Each call returns a number. */
export type HostCall = 'memory' | 'connections' | 'rows' | 'stop';

/** The test is about the number of connections, not the rate at which an account can open them. */
const ACCOUNT_QUOTAS = { requestsPerSecond: 1e9, burst: 1e9, newConnectionsPerSecond: 1e9 };

async function main(timeScale: number): Promise<void> {
  const app = await startApp({ app: 'bench/app', timeScale, accountQuotas: ACCOUNT_QUOTAS });
  const { runtime, tableName } = app;
  const client = new DynamoDBClient({
    endpoint: runtime.url,
    region: app.app.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const calls: Record<HostCall, () => Promise<number>> = {
    memory: () => restingMegabytes(app),
    async connections() {
      const state = await (await fetch(`${runtime.url}/@local/state`)).json();
      return (state as { connections: { total: number } }).connections.total;
    },
    async rows() {
      let [rows, key] = [0, undefined as Record<string, never> | undefined];
      do {
        const page = await client.send(
          new ScanCommand({ TableName: tableName, Select: 'COUNT', ExclusiveStartKey: key }),
        );
        rows += page.Count ?? 0;
        key = page.LastEvaluatedKey as typeof key;
      } while (key);
      return rows;
    },
    async stop() {
      await app.stop();
      setImmediate(() => process.disconnect());
      return 0;
    },
  };
  process.on('message', (call: HostCall) => {
    void calls[call]().then((result) => process.send?.({ call, result }));
  });
  const urls = { plain: runtime.webSocketUrl('plain'), library: runtime.webSocketUrl('library') };
  process.send?.({ call: 'ready', result: urls });
}

void main(Number(process.argv[2]));
