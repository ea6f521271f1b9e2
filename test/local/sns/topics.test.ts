import {
  GetTopicAttributesCommand,
  InvalidParameterException,
  ListSubscriptionsByTopicCommand,
  ListTopicsCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import type { Subscription, Topic } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { Log } from '../../../local/log';
import { SnsService } from '../../../local/sns/sns-service';
import { Topics } from '../../../local/sns/topics';
import { RecordedDeliveries } from '../recorded-deliveries';
import { RunningServices } from '../running-services';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:news';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q';

function topic(changes: Partial<Topic>, ...subscriptions: Partial<Subscription>[]): Topic {
  return {
    ...{ path: 'Main/News', topicName: 'news', topicArn: TOPIC, displayName: 'News' },
    ...{ isFifo: false, contentBasedDeduplication: false },
    subscriptions: subscriptions.map((one, index) => ({
      ...{ path: 'Main/News/S', subscriptionArn: `${TOPIC}:${index}`, isRaw: false },
      ...{ protocol: 'sqs', endpoint: QUEUE, filterPolicyScope: 'MessageAttributes' },
      ...one,
    })),
    ...changes,
  };
}

describe('Topics', () => {
  const clock = new ManualClock();
  let deliveries: RecordedDeliveries;
  let warnings: string[];
  let topics: Topics;
  const log: Log = { info() {}, error() {}, warn: (text) => warnings.push(text) };

  function start(...settings: Topic[]): void {
    warnings = [];
    deliveries = new RecordedDeliveries();
    topics = new Topics({ topics: settings, region: 'us-east-1', destinations: deliveries, clock, log });
  }

  const publish = (message: string, attributes: Record<string, [type: string, value: string]> = {}) =>
    topics.publish(TOPIC, {
      message,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, [DataType, StringValue]]) => [
          name,
          { DataType, StringValue },
        ]),
      ),
    });

  it('runs functions with a record of the message', () => {
    start(topic({}, { protocol: 'lambda', endpoint: FUNCTION }));
    const publication = publish('hello', { kind: ['String', 'greeting'] });
    expect(deliveries.to(FUNCTION)).toEqual([
      {
        Records: [
          {
            EventSource: 'aws:sns',
            EventVersion: '1.0',
            EventSubscriptionArn: `${TOPIC}:0`,
            Sns: {
              Type: 'Notification',
              MessageId: publication?.messageId,
              TopicArn: TOPIC,
              Subject: null,
              Message: 'hello',
              Timestamp: '2026-01-01T00:00:00.000Z',
              SignatureVersion: '1',
              Signature: expect.any(String),
              SigningCertUrl: expect.stringContaining('https://sns.us-east-1.amazonaws.com/'),
              UnsubscribeUrl: expect.stringContaining(`${TOPIC}:0`),
              MessageAttributes: { kind: { Type: 'String', Value: 'greeting' } },
            },
          },
        ],
      },
    ]);
  });

  it('send queues the message in an envelope, or raw with its attributes', () => {
    start(topic({}, {}, { endpoint: `${QUEUE}2`, isRaw: true }));
    publish('{"a":1}', { kind: ['String', 'x'] });
    expect(deliveries.to(QUEUE)).toMatchObject([
      {
        Type: 'Notification',
        Message: '{"a":1}',
        MessageAttributes: { kind: { Type: 'String', Value: 'x' } },
      },
    ]);
    expect(deliveries.all[1]).toEqual({
      arn: `${QUEUE}2`,
      delivery: { body: '{"a":1}', attributes: { kind: { DataType: 'String', StringValue: 'x' } } },
    });
  });

  it('filters by attributes', () => {
    const filterPolicy = { price: [{ numeric: ['>=', 100] }], shop: ['a', { prefix: 'b' }], tags: ['new'] };
    start(topic({}, { filterPolicy, isRaw: true }));
    const wanted = {
      price: ['Number', '100'],
      shop: ['String', 'bc'],
      tags: ['String.Array', '["old","new"]'],
    } as const;
    publish('1', { ...wanted } as never);
    publish('2', { ...wanted, price: ['Number', '99'] } as never);
    publish('3', { ...wanted, tags: ['String', 'old'] } as never);
    publish('4');
    expect(deliveries.to(QUEUE)).toEqual([1]);
  });

  it('filters by the body', () => {
    start(
      topic(
        {},
        { filterPolicy: { order: { state: ['paid'] } }, filterPolicyScope: 'MessageBody', isRaw: true },
      ),
    );
    for (const message of ['{"order":{"state":"paid"}}', '{"order":{"state":"new"}}', 'paid', '[]'])
      publish(message);
    expect(deliveries.to(QUEUE)).toEqual([{ order: { state: 'paid' } }]);
  });

  it('send undeliverable messages to the dead-letter queue, or log them without one', () => {
    start(
      topic(
        {},
        { endpoint: 'arn:missing', deadLetterArn: 'arn:dead' },
        { endpoint: 'arn:missing', path: 'Main/Other' },
      ),
    );
    publish('hello');
    expect(deliveries.to('arn:dead')).toMatchObject([{ Message: 'hello' }]);
    expect(warnings).toEqual([
      'Main/Other: lost a message of the topic: The target arn:missing does not exist.',
    ]);
  });

  it('accept a message of a FIFO topic once, and pass on its group', () => {
    const topicArn = `${TOPIC}.fifo`;
    start(topic({ isFifo: true, topicArn }, { endpoint: `${QUEUE}.fifo`, isRaw: true }));
    const message = { message: '1', attributes: {}, groupId: 'g', deduplicationId: 'd' };
    expect(topics.publish(topicArn, message)).toEqual(topics.publish(topicArn, message));
    expect(deliveries.all).toEqual([
      { arn: `${QUEUE}.fifo`, delivery: { body: '1', attributes: {}, groupId: 'g', deduplicationId: 'd' } },
    ]);
    expect(() => topics.publish(topicArn, { message: '1', attributes: {} })).toThrow('MessageGroupId');
  });

  describe('for the SDK', () => {
    let services: RunningServices;
    let client: SNSClient;

    beforeAll(async () => {
      start(topic({}, { isRaw: true }, { protocol: 'lambda', endpoint: FUNCTION }));
      services = await RunningServices.start({ sns: new SnsService({ topics, accountId: '000000000000' }) });
      client = new SNSClient(services.client);
    });
    afterAll(async () => {
      client.destroy();
      await services.close();
    });

    it('publish a message with attributes, and a separate text for each protocol', async () => {
      const { MessageId } = await client.send(
        new PublishCommand({
          TopicArn: TOPIC,
          Message: JSON.stringify({ default: 'all', sqs: '"queues"' }),
          MessageStructure: 'json',
          Subject: 'News & more',
          MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
        }),
      );
      expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
      expect(deliveries.all[0]?.delivery).toEqual({
        body: '"queues"',
        attributes: { kind: { DataType: 'String', StringValue: 'x' } },
      });
      expect(deliveries.to(FUNCTION)).toMatchObject([
        { Records: [{ Sns: { Message: 'all', Subject: 'News & more' } }] },
      ]);
    });

    it('publish a batch, and report its failures', async () => {
      const { Successful, Failed } = await client.send(
        new PublishBatchCommand({
          TopicArn: TOPIC,
          PublishBatchRequestEntries: [
            { Id: 'a', Message: '1' },
            { Id: 'b', Message: '2', Subject: 'two\nlines' },
          ],
        }),
      );
      expect(Successful).toEqual([{ Id: 'a', MessageId: expect.any(String) }]);
      expect(Failed).toEqual([
        { Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Subject', SenderFault: true },
      ]);
    });

    it('list topics and subscriptions', async () => {
      expect((await client.send(new ListTopicsCommand({}))).Topics).toEqual([{ TopicArn: TOPIC }]);
      const { Subscriptions } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn: TOPIC }));
      expect(Subscriptions).toMatchObject([{ Protocol: 'sqs' }, { Protocol: 'lambda', Endpoint: FUNCTION }]);
      const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: TOPIC }));
      expect(Attributes).toMatchObject({ DisplayName: 'News', SubscriptionsConfirmed: '2' });
    });

    it('refuse as SNS does', async () => {
      const tooLong = client.send(new PublishCommand({ TopicArn: TOPIC, Message: 'x'.repeat(262_145) }));
      await expect(tooLong).rejects.toThrow(InvalidParameterException);
      await expect(tooLong).rejects.toThrow('Invalid parameter: Message too long');
      const unknown = client.send(new PublishCommand({ TopicArn: `${TOPIC}2`, Message: 'x' }));
      await expect(unknown).rejects.toThrow(NotFoundException);
      const subscribe = client.send(
        new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'email', Endpoint: 'a@b' }),
      );
      await expect(subscribe).rejects.toThrow('not "Subscribe"');
    });
  });
});
