import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { chatTemplate, type Template, writeAssembly } from '../local/assembly/written-assembly';

const CLI = join(__dirname, '../../local/cli.ts');

const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'rows',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  },
};

describe('a runtime that was killed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'killed-'));
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  async function start(app: string) {
    const args = ['--require', 'tsx/cjs', CLI, 'start', '--app', app, '--port', '0', '--data', directory];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let port = '';
    for await (const line of createInterface(child.stdout)) {
      port = /ws:\/\/localhost:(\d+)\//.exec(line)?.[1] ?? port;
      if (line.startsWith('Ready')) break;
    }
    child.stdout.resume();
    const client = new DynamoDBClient({
      endpoint: `http://localhost:${port}`,
      region: 'us-east-1',
      maxAttempts: 1,
    });
    return { child, client };
  }

  it('has every item whose write was acknowledged', async () => {
    const { Resources } = chatTemplate();
    const template: Template = { Resources: { ...Resources, Table: TABLE } };
    const app = writeAssembly({ Main: template });
    const first = await start(app);
    const answered: string[] = [];
    const write = async (name: string) => {
      for (let number = 0; ; number++) {
        const pk = `${name} ${number}`;
        await first.client.send(
          new PutItemCommand({
            TableName: 'rows',
            Item: { pk: { S: pk }, padding: { S: 'x'.repeat(5_000) } },
          }),
        );
        answered.push(pk);
        if (answered.length === 1_000) first.child.kill('SIGKILL');
      }
    };
    const exited = once(first.child, 'exit');
    await Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(write));
    await exited;
    const second = await start(app);
    for (const pk of answered) {
      const { Item } = await second.client.send(
        new GetItemCommand({ TableName: 'rows', Key: { pk: { S: pk } } }),
      );
      expect(Item?.padding?.S).toHaveLength(5_000);
    }
    expect(answered.length).toBeGreaterThanOrEqual(1_000);
    second.child.kill('SIGTERM');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  }, 60_000);
});
