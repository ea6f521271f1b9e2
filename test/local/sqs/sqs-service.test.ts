import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { ManualClock } from '../../../local/clock';
import { Queues } from '../../../local/sqs/queues';
import { SqsService } from '../../../local/sqs/sqs-service';
import { RunningServices } from '../running-services';
import { queueSettings } from './queue-settings';

const ACCOUNT = '000000000000';
const dead = queueSettings({ queueName: 'dead' });

describe('SqsService', () => {
  let queues: Queues;
  let services: RunningServices;
  let client: SQSClient;
  let QueueUrl: string;

  beforeEach(async () => {
    queues = new Queues({
      queues: [queueSettings({ redrive: { deadLetterArn: dead.queueArn, maxReceiveCount: 3 } }), dead],
      accountId: ACCOUNT,
      clock: new ManualClock(),
    });
    services = await RunningServices.start({
      sqs: new SqsService({ queues, region: 'us-east-1', accountId: ACCOUNT }),
    });
    client = new SQSClient(services.client);
    QueueUrl = `${services.url}/${ACCOUNT}/queue`;
  });
  afterEach(async () => {
    client.destroy();
    queues.close();
    await services.close();
  });

  it('delivers a message with attributes whose checksums the SDK verifies', async () => {
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'greeting' },
      bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2, 255) },
      size: { DataType: 'Number.int', StringValue: '42' },
    };
    const sent = await client.send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'hello', MessageAttributes }),
    );
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] },
      }),
    );
    expect(Messages).toEqual([
      {
        MessageId: sent.MessageId,
        ReceiptHandle: expect.any(String),
        Body: 'hello',
        MD5OfBody: '5d41402abc4b2a76b9719d911017c592',
        MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
        MessageAttributes,
        Attributes: {
          SenderId: expect.any(String),
          SentTimestamp: '1767225600000',
          ApproximateReceiveCount: '1',
          ApproximateFirstReceiveTimestamp: '1767225600000',
        },
      },
    ]);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:queue',
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      VisibilityTimeout: '30',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: 3 }),
    });
  });

  it('returns only the requested attributes', async () => {
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    const MessageAttributes = { 'a.one': text('1'), 'a.two': text('2'), b: text('3') };
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes }));
    const ask = async (...MessageAttributeNames: string[]) => {
      const { Messages } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames, VisibilityTimeout: 0 }),
      );
      return Object.keys(Messages?.[0]?.MessageAttributes ?? {});
    };
    expect(await ask()).toEqual([]);
    expect(await ask('b')).toEqual(['b']);
    expect(await ask('a.*')).toEqual(['a.one', 'a.two']);
  });

  it('responds to each entry of a batch', async () => {
    const sent = await client.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: [
          { Id: 'good', MessageBody: 'x' },
          { Id: 'bad', MessageBody: '\u0001' },
        ],
      }),
    );
    expect(sent.Successful).toMatchObject([{ Id: 'good' }]);
    expect(sent.Failed).toEqual([
      { Id: 'bad', Code: 'InvalidMessageContents', Message: expect.any(String), SenderFault: true },
    ]);
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    const Entries = [
      { Id: 'one', ReceiptHandle: Messages?.[0]?.ReceiptHandle },
      { Id: 'two', ReceiptHandle: 'none' },
    ];
    const changed = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: Entries.map((entry) => ({ ...entry, VisibilityTimeout: 60 })),
      }),
    );
    expect([changed.Successful, changed.Failed]).toMatchObject([[{ Id: 'one' }], [{ Id: 'two' }]]);
    const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect([deleted.Successful, deleted.Failed]).toMatchObject([
      [{ Id: 'one' }],
      [{ Id: 'two', Code: 'ReceiptHandleIsInvalid' }],
    ]);
  });

  it('builds queue URLs with the host of the request', async () => {
    expect(await client.send(new GetQueueUrlCommand({ QueueName: 'queue' }))).toMatchObject({ QueueUrl });
    expect((await client.send(new ListQueuesCommand({ QueueNamePrefix: 'de' }))).QueueUrls).toEqual([
      `${services.url}/${ACCOUNT}/dead`,
    ]);
    const { queueUrls } = await client.send(
      new ListDeadLetterSourceQueuesCommand({ QueueUrl: `${services.url}/${ACCOUNT}/dead` }),
    );
    expect(queueUrls).toEqual([QueueUrl]);
  });

  it.each([
    ['of AWS', `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/queue`],
    ['of AWS in an older form', `https://us-east-1.queue.amazonaws.com/${ACCOUNT}/queue`],
    ['without a host', `/${ACCOUNT}/queue`],
  ])('recognizes the URL of a queue %s', async (_, url) => {
    const sent = await services.query('sqs', { Action: 'SendMessage', QueueUrl: url, MessageBody: 'x' });
    expect(sent.status).toBe(200);
  });

  it('refuses as SQS does, with the codes of both protocols', async () => {
    const unknown = client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-2`, MessageBody: 'x' }));
    await expect(unknown).rejects.toThrow(QueueDoesNotExist);
    await expect(unknown).rejects.toMatchObject({ message: 'The specified queue does not exist.' });
    const tooMany = client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }));
    await expect(tooMany).rejects.toThrow('Value 11 for parameter MaxNumberOfMessages is invalid');
    const empty = client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [] }));
    await expect(empty).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
    const made = client.send(new CreateQueueCommand({ QueueName: 'new' }));
    await expect(made).rejects.toThrow('The runtime supports SendMessage');
    const query = await services.query('sqs', { Action: 'GetQueueUrl', QueueName: 'none' });
    expect(query).toEqual({
      status: 400,
      text: expect.stringContaining('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>'),
    });
  });

  it('speaks the Query protocol of older SDKs', async () => {
    const path = `/${ACCOUNT}/queue`;
    const sent = await services.query(
      'sqs',
      {
        ...{ Action: 'SendMessageBatch', 'SendMessageBatchRequestEntry.1.Id': 'a' },
        'SendMessageBatchRequestEntry.1.MessageBody': '<&>',
        'SendMessageBatchRequestEntry.1.MessageAttribute.1.Name': 'kind',
        'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType': 'String',
        'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue': 'x',
      },
      path,
    );
    expect(sent.text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<SendMessageBatchResponse xmlns="[^"]+"><SendMessageBatchResult><SendMessageBatchResultEntry><Id>a<\/Id><MD5OfMessageBody>/,
    );
    const received = await services.query(
      'sqs',
      {
        Action: 'ReceiveMessage',
        'AttributeName.1': 'ApproximateReceiveCount',
        'MessageAttributeName.1': 'All',
      },
      path,
    );
    expect(received.text).toContain('<Body>&lt;&amp;&gt;</Body>');
    expect(received.text).toContain(
      '<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>',
    );
    expect(received.text).toContain(
      '<MessageAttribute><Name>kind</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value></MessageAttribute>',
    );
    const attributes = await services.query(
      'sqs',
      { Action: 'GetQueueAttributes', 'AttributeName.1': 'All' },
      path,
    );
    expect(attributes.text).toContain('<Name>ApproximateNumberOfMessagesNotVisible</Name><Value>1</Value>');
  });

  it.each(['null', '[]', '{"QueueUrl":{"a":1}}', '{"QueueUrl":null,"Entries":[null]}', '{'])(
    'refuses the JSON %s',
    async (body) => {
      const response = await fetch(services.url, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
          'x-amz-target': 'AmazonSQS.SendMessageBatch',
        },
        body,
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        __type: expect.stringMatching(/Serialization|MissingRequired/),
      });
    },
  );
});
