import { once } from 'node:events';
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import WebSocket from 'ws';
import { readAssembly } from '../../local/assembly/read-assembly';
import { fasterClock, ManualClock } from '../../local/clock';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { tableClient } from '../table-client';
import { chatTemplate, writeAssembly } from './assembly/written-assembly';
import { Fixture, RememberingLog } from './lambda/function-fixture';

const RULE = {
  Type: 'AWS::Events::Rule',
  Properties: {
    ScheduleExpression: 'rate(5 minutes)',
    Targets: [{ Id: 'it', Arn: { 'Fn::GetAtt': ['Function', 'Arn'] } }],
  },
};
const PERMISSION = {
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
  },
};
const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'rows',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  },
};
const QUEUE = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } };

describe('fasterClock', () => {
  it('runs this many times as fast from now on', () => {
    const clock = new ManualClock(1_000);
    const faster = fasterClock(clock, 60);
    const rung: number[] = [];
    faster.after(60_000, () => rung.push(faster.now()));
    faster.after(1_000, () => rung.push(-1)).cancel();
    expect(faster.now()).toBe(1_000);
    clock.advance(999);
    expect(rung).toEqual([]);
    clock.advance(1);
    expect(rung).toEqual([61_000]);
  });
});

describe('A function host whose time passes 60 times as fast', () => {
  const fixture = new Fixture();
  afterAll(async () => {
    await fixture.closeHosts();
    fixture.remove();
  });

  it('retries an event after a second for each minute', async () => {
    const clock = new ManualClock();
    const log = new RememberingLog();
    const failing = fixture.function('Failing', { 'index.js': 'exports.handler = async () => { throw 1 }' });
    const host = fixture.host([failing], { clock, appTime: fasterClock(clock, 60), log });
    host.invokeAsync('Failing', '{}');
    await log.until(() => log.notices.length === 1);
    clock.advance(999);
    expect(log.starts).toHaveLength(1);
    clock.advance(1);
    await log.until(() => log.notices.length === 2);
    clock.advance(2_000);
    await log.until(() => log.ends.length === 3);
  });
});

describe('A runtime whose time passes 60 times as fast', () => {
  let clock: ManualClock;
  let log: RememberingLog;
  let runtime: Runtime;
  let dynamodb: DynamoDBClient;
  let sqs: SQSClient;
  beforeAll(async () => {
    clock = new ManualClock(Date.now());
    log = new RememberingLog();
    const { Resources } = chatTemplate();
    runtime = await startRuntime({
      app: readAssembly(
        writeAssembly({
          Main: {
            Resources: { ...Resources, Rule: RULE, RulePermission: PERMISSION, Rows: TABLE, Jobs: QUEUE },
          },
        }),
      ),
      ...{ port: 0, log: silentLog, functionLog: log, clock, timeScale: 60 },
    });
    dynamodb = tableClient(runtime.url);
    sqs = new SQSClient({
      ...{ endpoint: runtime.url, region: 'us-east-1' },
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });
  afterAll(async () => {
    dynamodb.destroy();
    sqs.destroy();
    await runtime.close();
  });

  it('closes an idle connection after ten seconds', async () => {
    const socket = new WebSocket(runtime.webSocketUrl('chat'));
    await once(socket, 'open');
    const closed = once(socket, 'close');
    clock.advance(9_999);
    socket.ping();
    await once(socket, 'pong');
    clock.advance(1);
    expect((await closed)[0]).toBe(1001);
  });

  it('runs a schedule of five minutes every five seconds', async () => {
    const runs = () => log.starts.filter(({ subject }) => !subject?.startsWith('$')).length;
    const before = runs();
    clock.advance(5_000);
    await log.until(() => runs() === before + 1);
    clock.advance(4_999);
    expect(runs()).toBe(before + 1);
    clock.advance(1);
    await log.until(() => runs() === before + 2);
  });

  it('delays a message of a queue by a second for each minute', async () => {
    const QueueUrl = `${runtime.url}/${runtime.functions.accountId}/jobs`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 60 }));
    const received = async () =>
      (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.length ?? 0;
    clock.advance(999);
    expect(await received()).toBe(0);
    clock.advance(1);
    expect(await received()).toBe(1);
  });

  it('expires an item after a second for each minute, even long after the start', async () => {
    clock.advance(60_000);
    const expires = { N: String(Math.floor(clock.now() / 1000) + 600) };
    await dynamodb.send(new PutItemCommand({ TableName: 'rows', Item: { pk: { S: 'a' }, expires } }));
    const isThere = async () =>
      (await dynamodb.send(new GetItemCommand({ TableName: 'rows', Key: { pk: { S: 'a' } } }))).Item !==
      undefined;
    await runtime.dynamodb.expiry.sweep();
    clock.advance(9_000);
    await runtime.dynamodb.expiry.sweep();
    expect(await isThere()).toBe(true);
    clock.advance(1_100);
    await runtime.dynamodb.expiry.sweep();
    expect(await isThere()).toBe(false);
  });

  it('does not change the timeouts of functions and the times in their events', async () => {
    clock.advance(60_000);
    const socket = new WebSocket(runtime.webSocketUrl('chat'));
    await once(socket, 'open');
    socket.send('hello');
    await log.until(() => log.ends.some(({ subject }) => subject?.startsWith('$default')));
    const end = log.ends.find(({ subject }) => subject?.startsWith('$default'));
    expect(JSON.parse(end?.payload ?? '').requestContext.requestTimeEpoch).toBe(clock.now());
    socket.terminate();
  });
});
