import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { App as ReadApp } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { messagingExports } from '../../local/cli/exports';
import { ManualClock } from '../../local/clock';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { synthesizePushApps } from '../runtime/push-apps';
import { SocketClient } from '../runtime/socket-client';

/** The SDK logs which of two addresses it uses. */
const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };

describe('apps that push, on the local runtime', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  /** Advanced by hand, so that the schedule runs when the test wants it to. */
  const clock = new ManualClock();
  let app: ReadApp;
  let runtime: Runtime;

  beforeAll(async () => {
    app = readAssembly(synthesizePushApps(outdir));
    runtime = await startRuntime({
      app,
      port: 0,
      log: silentLog,
      functionLog: silentFunctionLog,
      clock,
    });
  });
  afterAll(async () => {
    await runtime?.close();
    rmSync(outdir, { recursive: true });
  });

  const settings = () => ({
    ...{ endpoint: runtime.url, region: 'us-east-1' },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

  const output = (name: string) => app.outputs.find((one) => one.name.startsWith(name))?.value ?? '';

  it('are completely supported', () => {
    expect(app.notRun).toEqual([]);
  });

  it('are exported by the names that their functions use', () => {
    expect(messagingExports(app, runtime)).toEqual({
      QUEUE_URL: expect.stringMatching(new RegExp(`^${runtime.url}/${app.accountId}/PushFromQueue-Queue`)),
      TOPIC_ARN: output('TopicArn'),
    });
  });

  it.each(['queue', 'topic', 'event', 'stream'])(
    "take a client's message through the %s to every client",
    async (stage) => {
      const [ada, grace] = (await Promise.all(
        [1, 2].map(() => SocketClient.connect(runtime.webSocketUrl(stage))),
      )) as [SocketClient, SocketClient];
      ada.send('hello');
      expect(await Promise.all([ada, grace].map((client) => client.hears()))).toEqual(['hello', 'hello']);
      await Promise.all([ada, grace].map((client) => client.close()));
    },
  );

  it('push every request to an HTTP API', async () => {
    const client = await SocketClient.connect(runtime.webSocketUrl('http'));
    const [api] = runtime.httpApis;
    const said = `${runtime.httpUrl(api?.apiId ?? '', '$default')}/said`;
    const headers = { 'content-type': 'text/plain' };
    const response = await fetch(said, { method: 'POST', headers, body: 'from a page' });
    expect(response.status).toBe(202);
    expect(await client.hears()).toBe('from a page');
    await client.close();
  });

  it('push at the times of a schedule', async () => {
    const client = await SocketClient.connect(runtime.webSocketUrl('event'));
    clock.advance(60_000);
    expect(await client.hears()).toBe('every minute');
    await client.close();
  });

  it('push what another process sends with the SDK', async () => {
    const client = await SocketClient.connect(runtime.webSocketUrl('queue'));
    const sqs = new SQSClient({
      region: 'us-east-1',
      credentials: settings().credentials,
      logger: silentLogger,
    });
    const { QUEUE_URL: QueueUrl } = messagingExports(app, runtime);
    // Without an endpoint: to the exported URL.
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'from a queue' }));
    expect(await client.hears()).toBe('from a queue');
    sqs.destroy();
    await client.close();

    const reader = await SocketClient.connect(runtime.webSocketUrl('topic'));
    const sns = new SNSClient(settings());
    await sns.send(new PublishCommand({ TopicArn: output('TopicArn'), Message: 'from a topic' }));
    expect(await reader.hears()).toBe('from a topic');
    sns.destroy();
    await reader.close();

    const listener = await SocketClient.connect(runtime.webSocketUrl('event'));
    const events = new EventBridgeClient(settings());
    const entry = { EventBusName: output('EventBus'), Source: 'chat', DetailType: 'Said' };
    await events.send(
      new PutEventsCommand({
        Entries: ['', 'from a bus'].map((text) => ({ ...entry, Detail: JSON.stringify({ text }) })),
      }),
    );
    expect(await listener.hears()).toBe('from a bus');
    events.destroy();
    await listener.close();
  });

  it('keep the messages in their queues during an update, and apply new settings', async () => {
    const sqs = new SQSClient(settings());
    const dead = app.queues.find(({ queueName }) => queueName.includes('Dead'));
    const QueueUrl = `${runtime.url}/${app.accountId}/${dead?.queueName}`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
    const queues = app.queues.map((queue) => ({ ...queue, maxMessageBytes: 1024 }));
    await runtime.update({ ...app, queues });
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toMatchObject([{ Body: 'kept' }]);
    const tooLong = sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(1025) }));
    await expect(tooLong).rejects.toThrow('Message must be shorter than 1024 bytes');
    sqs.destroy();
  });
});
