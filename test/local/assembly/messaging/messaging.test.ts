import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, type ITable, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget, SnsTopic, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import {
  CfnEventSourceMapping,
  CfnPermission,
  Code,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSubscription, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, LambdaSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { CfnQueuePolicy, Queue } from 'aws-cdk-lib/aws-sqs';
import type { App as ReadApp } from '../../../../local/assembly/model';
import { readAssembly } from '../../../../local/assembly/read-assembly';
import type { JsonObject } from '../../../../local/assembly/values/json';

interface Parts {
  stack: Stack;
  handler: LambdaFunction;
}

const outdirs: string[] = [];

/** A WebSocket API with additional resources, as the CDK's constructs write them. */
function read(add: (parts: Parts) => void): ReadApp {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  outdirs.push(outdir);
  const app = new App({ outdir });
  const stack = new Stack(app, 'Main');
  const handler = new LambdaFunction(stack, 'Handler', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  const integration = new WebSocketLambdaIntegration('Integration', handler);
  const webSocketApi = new WebSocketApi(stack, 'Api', { defaultRouteOptions: { integration } });
  new WebSocketStage(stack, 'Stage', { webSocketApi, stageName: 'prod', autoDeploy: true });
  add({ stack, handler });
  return readAssembly(app.synth().directory);
}

describe('readAssembly', () => {
  afterAll(() => {
    for (const outdir of outdirs) rmSync(outdir, { recursive: true });
  });

  it('reads queues, and the mappings that run functions with their messages', () => {
    const app = read(({ stack, handler }) => {
      const dead = new Queue(stack, 'Dead', { retentionPeriod: Duration.days(14) });
      const jobs = new Queue(stack, 'Jobs', { deadLetterQueue: { queue: dead, maxReceiveCount: 3 } });
      handler.addEventSource(
        new SqsEventSource(jobs, {
          ...{ batchSize: 100, maxBatchingWindow: Duration.seconds(5), reportBatchItemFailures: true },
          ...{
            maxConcurrency: 4,
            filters: [FilterCriteria.filter({ body: { kind: FilterRule.isEqual('job') } })],
          },
        }),
      );
    });
    const [dead, jobs] = app.queues;
    expect(dead).toMatchObject({ path: 'Main/Dead/Resource', retentionSeconds: 1_209_600, isFifo: false });
    expect(jobs).toMatchObject({
      ...{ visibilityTimeoutSeconds: 30, retentionSeconds: 345_600, maxMessageBytes: 1_048_576 },
      redrive: { deadLetterArn: dead?.queueArn, maxReceiveCount: 3 },
    });
    expect(app.eventSources).toEqual([
      {
        source: 'queue',
        path: expect.stringContaining('Main/Handler/SqsEventSource'),
        mappingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        sourceArn: jobs?.queueArn,
        functionName: app.functions[0]?.functionName,
        ...{ batchSize: 100, batchWindowSeconds: 5, reportsBatchItemFailures: true, maximumConcurrency: 4 },
        filters: [{ body: { kind: ['job'] } }],
      },
    ]);
    expect(app.notRun).toEqual([]);
  });

  it('reads mappings of a stream', () => {
    const app = read(({ stack, handler }) => {
      const table = new Table(stack, 'Changes', {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        stream: StreamViewType.NEW_AND_OLD_IMAGES,
      });
      handler.addEventSource(
        new DynamoEventSource(table as unknown as ITable, {
          ...{ startingPosition: StartingPosition.LATEST, batchSize: 5, bisectBatchOnError: true },
          ...{ retryAttempts: 3, maxRecordAge: Duration.minutes(10), parallelizationFactor: 2 },
          onFailure: new SqsDlq(new Queue(stack, 'Dead')),
          tumblingWindow: Duration.seconds(30),
        }),
      );
    });
    expect(app.tables[0]?.streamViewType).toBe('NEW_AND_OLD_IMAGES');
    expect(app.eventSources).toMatchObject([
      {
        ...{
          source: 'stream',
          tableName: app.tables[0]?.tableName,
          startingPosition: 'LATEST',
          batchSize: 5,
        },
        ...{ bisectsOnError: true, maximumRetryAttempts: 3, maximumRecordAgeSeconds: 600 },
        ...{ parallelizationFactor: 2, onFailureArn: app.queues[0]?.queueArn, filters: [] },
      },
    ]);
    expect(app.notRun.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('the runtime does not support its tumbling window'),
    ]);
  });

  it('gives unnamed FIFO queues and topics a name that ends with .fifo', () => {
    const app = read(({ stack }) => {
      new Queue(stack, 'Queue', { fifo: true, contentBasedDeduplication: true });
      new Topic(stack, 'Topic', { fifo: true });
    });
    expect(app.queues[0]).toMatchObject({
      isFifo: true,
      queueName: expect.stringMatching(/^Main-Queue\w+-\w+\.fifo$/),
    });
    expect(app.topics[0]?.topicArn).toMatch(/:Main-Topic[\w-]+\.fifo$/);
  });

  it('reads topics with the functions and queues that they deliver to', () => {
    const app = read(({ stack, handler }) => {
      const topic = new Topic(stack, 'News', { displayName: 'News' });
      const queue = new Queue(stack, 'Queue');
      topic.addSubscription(
        new LambdaSubscription(handler, {
          filterPolicy: { kind: SubscriptionFilter.stringFilter({ allowlist: ['a'], matchPrefixes: ['b'] }) },
        }),
      );
      topic.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true, deadLetterQueue: queue }));
      topic.addSubscription(new EmailSubscription('ada@example.org'));
    });
    const [queue] = app.queues;
    expect(app.topics).toMatchObject([
      {
        displayName: 'News',
        subscriptions: [
          {
            ...{ protocol: 'lambda', endpoint: app.functions[0]?.functionArn, isRaw: false },
            ...{ filterPolicyScope: 'MessageAttributes', filterPolicy: { kind: ['a', { prefix: 'b' }] } },
          },
          { protocol: 'sqs', endpoint: queue?.queueArn, isRaw: true, deadLetterArn: queue?.queueArn },
        ],
      },
    ]);
    expect(app.notRun).toEqual([
      {
        type: 'AWS::SNS::Subscription',
        path: expect.stringContaining('Main/News'),
        reason: expect.stringContaining('email subscriptions are not run'),
        cost: 'Main/News/ada@example.org delivers only partly',
      },
    ]);
  });

  it('reads event buses with their rules, targets and inputs', () => {
    const app = read(({ stack, handler }) => {
      const eventBus = new EventBus(stack, 'Orders');
      const rule = new Rule(stack, 'Paid', {
        eventBus,
        eventPattern: { source: ['shop'], detail: { paid: [true] } },
      });
      rule.addTarget(
        new FunctionTarget(handler, {
          event: RuleTargetInput.fromObject({ id: EventField.fromPath('$.detail.id') }),
        }),
      );
      rule.addTarget(new SqsQueue(new Queue(stack, 'Queue')));
      rule.addTarget(new SnsTopic(new Topic(stack, 'News'), { message: RuleTargetInput.fromText('paid') }));
    });
    expect(app.eventBuses.map(({ name }) => name)).toEqual(['default', expect.stringContaining('Orders')]);
    const [, orders] = app.eventBuses;
    expect(orders?.rules).toMatchObject([
      {
        ruleArn: expect.stringMatching(new RegExp(`:rule/${orders?.name}/Main-Paid`)),
        pattern: { source: ['shop'], detail: { paid: [true] } },
        targets: [
          {
            arn: app.functions[0]?.functionArn,
            input: {
              kind: 'template',
              paths: { 'detail-id': '$.detail.id' },
              template: '{"id":<detail-id>}',
            },
          },
          { arn: app.queues[0]?.queueArn },
          { arn: app.topics[0]?.topicArn, input: { kind: 'constant', text: '"paid"' } },
        ],
      },
    ]);
    expect(app.notRun).toEqual([]);
  });

  it('omits what a queue or a function does not allow, because nothing arrives on AWS either', () => {
    const app = read(({ stack, handler }) => {
      const topic = new Topic(stack, 'News');
      topic.addSubscription(new SqsSubscription(new Queue(stack, 'Queue')));
      topic.addSubscription(new LambdaSubscription(handler));
      for (const child of stack.node.findAll()) {
        if (child instanceof CfnQueuePolicy) child.node.scope?.node.tryRemoveChild(child.node.id);
        if (child instanceof CfnPermission && child.principal === 'sns.amazonaws.com')
          child.node.scope?.node.tryRemoveChild(child.node.id);
      }
    });
    expect(app.topics[0]?.subscriptions).toEqual([]);
    expect(app.notRun.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('sns.amazonaws.com has no permission to invoke Main-Handler'),
      expect.stringContaining(
        'sns.amazonaws.com has no permission for sqs:SendMessage on the queue Main-Queue',
      ),
    ]);
  });

  describe("a queue's policy", () => {
    const subscriptions = (condition: JsonObject, effect = 'Allow') =>
      read(({ stack }) => {
        const topic = new Topic(stack, 'Topic');
        const queue = new Queue(stack, 'Queue');
        new CfnSubscription(stack, 'Subscription', {
          ...{ protocol: 'sqs', endpoint: queue.queueArn, topicArn: topic.topicArn },
        });
        const statement = (Effect: string, Condition: JsonObject) => ({
          ...{ Effect, Condition, Principal: { Service: 'sns.amazonaws.com' } },
          ...{ Action: 'sqs:SendMessage', Resource: queue.queueArn },
        });
        new CfnQueuePolicy(stack, 'Policy', {
          queues: [queue.queueUrl],
          policyDocument: {
            Statement: [statement(effect, condition), ...(effect === 'Deny' ? [statement('Allow', {})] : [])],
          },
        });
      }).topics[0]?.subscriptions.length;

    it.each<[string, JsonObject, number]>([
      ['the source', { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:Main-Topic*' } }, 1],
      ['another source', { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:Other*' } }, 0],
      ['a source that is excluded', { ArnNotLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:Main-Topic*' } }, 0],
      ['no other source than this', { ArnNotLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:Other*' } }, 1],
      ['an encrypted request', { Bool: { 'aws:SecureTransport': 'true' } }, 1],
      ['a key that the request lacks', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 0],
    ])('may require %s', (_, condition, count) => {
      expect(subscriptions(condition)).toBe(count);
    });

    it('applies a denial as well', () => {
      expect(subscriptions({ Bool: { 'aws:SecureTransport': 'true' } }, 'Deny')).toBe(0);
      expect(subscriptions({ Bool: { 'aws:SecureTransport': 'false' } }, 'Deny')).toBe(1);
    });
  });

  it('lists a mapping that Lambda would refuse', () => {
    const app = read(({ stack, handler }) => {
      const queue = new Queue(stack, 'Queue', { visibilityTimeout: Duration.seconds(1) });
      handler.addEventSource(new SqsEventSource(queue));
    });
    expect(app.eventSources).toEqual([]);
    expect(app.notRun).toMatchObject([
      {
        reason: expect.stringContaining(
          'Queue visibility timeout: 1 seconds is less than Function timeout: 3 seconds',
        ),
      },
    ]);
  });

  it('lists a mapping with a starting time, which Lambda refuses for a table', () => {
    const app = read(({ stack, handler }) => {
      const table = new Table(stack, 'Changes', {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        stream: StreamViewType.NEW_IMAGE,
      });
      const source = new DynamoEventSource(table as unknown as ITable, {
        startingPosition: StartingPosition.LATEST,
      });
      handler.addEventSource(source);
      const mapping = handler.node.findAll().find((one) => one instanceof CfnEventSourceMapping);
      mapping?.addPropertyOverride('StartingPosition', 'AT_TIMESTAMP');
    });
    expect(app.eventSources).toEqual([]);
    expect(app.notRun).toMatchObject([
      { reason: expect.stringContaining('for DynamoDB streams Lambda allows LATEST and TRIM_HORIZON') },
    ]);
  });
});
