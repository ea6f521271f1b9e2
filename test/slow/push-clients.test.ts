import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { App } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { awsExports } from '../../local/cli/exports';
import { ManualClock } from '../../local/clock';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { synthesizePushApps } from '../runtime/push-apps';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

const BIN = join(__dirname, '../../.cache/python/bin');

/** A user's separate process, which has only the variables that `npm start` prints for export. */
const BOTO3 = `
import boto3, json, sys
queue_url, topic_arn, bus, table = sys.argv[1:]
queue = boto3.resource('sqs').Queue(queue_url)
sent = queue.send_message(MessageBody='boto3 queue', MessageAttributes={'kind': {'DataType': 'String', 'StringValue': 'x'}})
boto3.client('sns').publish(TopicArn=topic_arn, Message='boto3 topic')
boto3.client('events').put_events(Entries=[
  {'EventBusName': bus, 'Source': 'chat', 'DetailType': 'Said', 'Detail': json.dumps({'text': 'boto3 event'})}])
boto3.resource('dynamodb').Table(table).put_item(Item={'id': 'boto3', 'text': 'boto3 stream'})
sqs = boto3.client('sqs')
dead = [url for url in sqs.list_queues()['QueueUrls'] if 'Dead' in url][0]
assert sqs.get_queue_url(QueueName=dead.split('/')[-1])['QueueUrl'] == dead
sqs.send_message(QueueUrl=dead, MessageBody='x', MessageAttributes={'kind': {'DataType': 'Binary', 'BinaryValue': b'\\x01'}})
message = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=['All'], WaitTimeSeconds=1)['Messages'][0]
sqs.delete_message(QueueUrl=dead, ReceiptHandle=message['ReceiptHandle'])
try:
    sqs.send_message(QueueUrl=dead + '-none', MessageBody='x')
except sqs.exceptions.QueueDoesNotExist as error:
    print(message['Body'], message['MessageAttributes']['kind']['BinaryValue'], error.response['Error']['Code'])
`;

describe('the push apps with the AWS CLI and boto3', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  let app: App;
  let runtime: Runtime;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    app = readAssembly(synthesizePushApps(outdir));
    const clock = new ManualClock();
    runtime = await startRuntime({ app, port: 0, log: silentLog, functionLog: silentFunctionLog, clock });
    env = { PATH: process.env.PATH, ...awsExports(app, runtime) };
  });
  afterAll(async () => {
    await runtime?.close();
    rmSync(outdir, { recursive: true });
  });

  const output = (name: string) => app.outputs.find((one) => one.name.startsWith(name))?.value ?? '';
  const run = async (command: string, args: string[]) =>
    (await promisify(execFile)(join(BIN, command), args, { env })).stdout;
  const aws = async (...args: string[]) => {
    const stdout = await run('aws', args);
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  const hears = async (stage: string, act: () => Promise<unknown>) => {
    const client = await SocketClient.connect(runtime.webSocketUrl(stage));
    await act();
    const text = await client.hears();
    await client.close();
    return text;
  };

  it('accept what the AWS CLI sends', async () => {
    // Version 1 uses AWS's old host for SQS, regardless of AWS_ENDPOINT_URL.
    const sqs = (...args: string[]) => aws('sqs', ...args, '--endpoint-url', runtime.url);
    const sent = ['--queue-url', output('QueueUrl'), '--message-body', 'by the CLI'];
    expect(await hears('queue', () => sqs('send-message', ...sent))).toBe('by the CLI');
    const published = ['--topic-arn', output('TopicArn'), '--message', 'by the CLI, too'];
    expect(await hears('topic', () => aws('sns', 'publish', ...published))).toBe('by the CLI, too');
    const entry = {
      EventBusName: output('EventBus'),
      Source: 'chat',
      DetailType: 'Said',
      Detail: '{"text":"CLI"}',
    };
    expect(
      await hears('event', () => aws('events', 'put-events', '--entries', JSON.stringify([entry]))),
    ).toBe('CLI');
    const { QueueUrls } = await sqs('list-queues');
    const attributes = ['--queue-url', QueueUrls[0], '--attribute-names', 'All'];
    expect(await sqs('get-queue-attributes', ...attributes)).toMatchObject({
      Attributes: { QueueArn: expect.stringContaining('PushFromQueue') },
    });
  });

  it('let the AWS CLI read the stream of a table', async () => {
    const TableName = output('MessageTable');
    const item = JSON.stringify({ id: { S: 'cli' }, text: { S: 'kept' } });
    await aws('dynamodb', 'put-item', '--table-name', TableName, '--item', item);
    const streams = (...args: string[]) => aws('dynamodbstreams', ...args);
    const { Streams } = await streams('list-streams', '--table-name', TableName);
    const stream = ['--stream-arn', Streams[0].StreamArn];
    const { StreamDescription } = await streams('describe-stream', ...stream);
    const images = [];
    for (const { ShardId } of StreamDescription.Shards) {
      const from = [...stream, '--shard-id', ShardId, '--shard-iterator-type', 'TRIM_HORIZON'];
      const { ShardIterator } = await streams('get-shard-iterator', ...from);
      const { Records } = await streams('get-records', '--shard-iterator', ShardIterator);
      images.push(...Records.map((record: { dynamodb: { NewImage: object } }) => record.dynamodb.NewImage));
    }
    expect(images).toContainEqual(JSON.parse(item));
  });

  it('accept what boto3 sends', async () => {
    const stages = ['queue', 'topic', 'event', 'stream'];
    const clients = await Promise.all(
      stages.map((stage) => SocketClient.connect(runtime.webSocketUrl(stage))),
    );
    const names = ['QueueUrl', 'TopicArn', 'EventBus', 'MessageTable'].map(output);
    expect(await run('python', ['-c', BOTO3, ...names])).toBe(
      "x b'\\x01' AWS.SimpleQueueService.NonExistentQueue\n",
    );
    expect(await Promise.all(clients.map((client) => client.hears()))).toEqual(
      stages.map((stage) => `boto3 ${stage}`),
    );
    await Promise.all(clients.map((client) => client.close()));
  });
});
