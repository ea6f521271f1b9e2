import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import type { RequestHandler } from '../../../local/endpoint/request-router';
import { Access } from '../../../local/iam/access';
import { guardedServices } from '../../../local/iam/guarded-service';
import type { Credentials } from '../../../local/iam/identities';
import { readStatements } from '../../../local/iam/policy-statement';
import { DYNAMODB, PROTOCOLS } from '../../../local/iam/protocols';
import { signatureHeaders } from '../../../local/iam/signer';
import { RunningServices } from '../running-services';
import { ACCOUNT, accessApp, allow, FUNCTION, ROLE, SESSION } from './access-app';

/** Replaces the services: requests that arrive here were allowed. */
class LetIn extends Error {}
const PAST_THE_GUARD = 418;

interface Settings {
  endpoint: string;
  region: string;
  maxAttempts: number;
  credentials: Credentials;
}

interface Client {
  send(command: never): Promise<unknown>;
  destroy(): void;
}

/** A call by the SDK, the action that allows it on the resource, and the SDK's error for a refusal. */
interface Call {
  client(settings: Settings): Client;
  command: unknown;
  action: string;
  resource: string;
  denied: { name: string; status: number; words?: string };
  /** With a wrong secret. */
  mismatch: { name: string; status: number };
}

const ARN = `us-east-1:${ACCOUNT}`;
const QUEUE = `arn:aws:sqs:${ARN}:queue`;
const TOPIC = `arn:aws:sns:${ARN}:topic`;
const SECRET = `arn:aws:secretsmanager:${ARN}:secret:password-abc123`;
const QueueUrl = `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/queue`;
const QUEUE_FORMS = {
  denied: { name: 'AccessDenied', status: 403, words: 'perform: sqs:sendmessage on' },
  mismatch: { name: 'SignatureDoesNotMatch', status: 403 },
};
const TOPIC_FORMS = {
  denied: { name: 'AuthorizationErrorException', status: 403, words: 'perform: SNS:Publish on' },
  mismatch: { name: 'SignatureDoesNotMatch', status: 403 },
};
const JSON_FORMS = {
  denied: { name: 'AccessDeniedException', status: 400 },
  mismatch: { name: 'InvalidSignatureException', status: 400 },
};
const S3_FORMS = {
  denied: { name: 'AccessDenied', status: 403, words: 'on resource: "arn:aws:s3:::files' },
  mismatch: { name: 'SignatureDoesNotMatch', status: 403 },
};
const queues = (settings: Settings) => new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
const topics = (settings: Settings) => new SNSClient(settings);
const buckets = (settings: Settings) => new S3Client({ ...settings, forcePathStyle: true });

const CALLS: [string, Call][] = [
  [
    'a message to a queue',
    {
      ...{ client: queues, command: new SendMessageCommand({ QueueUrl, MessageBody: 'x' }) },
      ...{ action: 'sqs:SendMessage', resource: QUEUE, ...QUEUE_FORMS },
    },
  ],
  [
    'a batch to a queue',
    {
      client: queues,
      command: new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x' }] }),
      ...{ action: 'sqs:SendMessage', resource: QUEUE, ...QUEUE_FORMS },
    },
  ],
  [
    'a message to a topic',
    {
      ...{ client: topics, command: new PublishCommand({ TopicArn: TOPIC, Message: 'x' }) },
      ...{ action: 'sns:Publish', resource: TOPIC, ...TOPIC_FORMS },
    },
  ],
  [
    'a batch to a topic',
    {
      client: topics,
      command: new PublishBatchCommand({
        TopicArn: TOPIC,
        PublishBatchRequestEntries: [{ Id: 'a', Message: 'x' }],
      }),
      ...{ action: 'sns:Publish', resource: TOPIC, ...TOPIC_FORMS },
    },
  ],
  [
    'an event to a bus',
    {
      client: (settings) => new EventBridgeClient(settings),
      command: new PutEventsCommand({
        Entries: [{ EventBusName: 'own', Source: 's', DetailType: 'd', Detail: '{}' }],
      }),
      ...{ action: 'events:PutEvents', resource: `arn:aws:events:${ARN}:event-bus/own`, ...JSON_FORMS },
    },
  ],
  [
    'a secret',
    {
      client: (settings) => new SecretsManagerClient(settings),
      command: new GetSecretValueCommand({ SecretId: 'password' }),
      ...{ action: 'secretsmanager:GetSecretValue', resource: SECRET, ...JSON_FORMS },
    },
  ],
  [
    'an item',
    {
      client: (settings) => new DynamoDBClient(settings),
      command: new GetItemCommand({ TableName: 'notes', Key: { id: { S: 'a' } } }),
      ...{ action: 'dynamodb:GetItem', resource: `arn:aws:dynamodb:${ARN}:table/notes`, ...JSON_FORMS },
    },
  ],
  [
    'a function',
    {
      client: (settings) => new LambdaClient(settings),
      command: new InvokeCommand({ FunctionName: 'fn' }),
      ...{ action: 'lambda:InvokeFunction', resource: FUNCTION.functionArn },
      denied: { name: 'AccessDeniedException', status: 403 },
      mismatch: { name: 'InvalidSignatureException', status: 403 },
    },
  ],
  [
    'an alias of a function',
    {
      client: (settings) => new LambdaClient(settings),
      command: new InvokeCommand({ FunctionName: 'fn', Qualifier: 'live' }),
      ...{ action: 'lambda:InvokeFunction', resource: `${FUNCTION.functionArn}:live` },
      denied: { name: 'AccessDeniedException', status: 403 },
      mismatch: { name: 'InvalidSignatureException', status: 403 },
    },
  ],
  [
    'a list of functions',
    {
      client: (settings) => new LambdaClient(settings),
      command: new ListFunctionsCommand({}),
      ...{ action: 'lambda:ListFunctions', resource: '*' },
      denied: { name: 'AccessDeniedException', status: 403 },
      mismatch: { name: 'InvalidSignatureException', status: 403 },
    },
  ],
  [
    'an object',
    {
      ...{ client: buckets, command: new GetObjectCommand({ Bucket: 'files', Key: 'a b/c+d' }) },
      ...{ action: 's3:GetObject', resource: 'arn:aws:s3:::files/a b/c+d', ...S3_FORMS },
    },
  ],
  [
    'an upload',
    {
      ...{ client: buckets, command: new PutObjectCommand({ Bucket: 'files', Key: 'k', Body: 'body' }) },
      ...{ action: 's3:PutObject', resource: 'arn:aws:s3:::files/k', ...S3_FORMS },
    },
  ],
  [
    'a list of objects',
    {
      ...{ client: buckets, command: new ListObjectsV2Command({ Bucket: 'files', Prefix: 'a' }) },
      ...{ action: 's3:ListBucket', resource: 'arn:aws:s3:::files', ...S3_FORMS },
    },
  ],
  [
    'a stack',
    {
      client: (settings) => new CloudFormationClient(settings),
      command: new DescribeStacksCommand({ StackName: 'Main' }),
      ...{ action: 'cloudformation:DescribeStacks', resource: `arn:aws:cloudformation:${ARN}:stack/Main/*` },
      denied: { name: 'AccessDenied', status: 403 },
      mismatch: { name: 'SignatureDoesNotMatch', status: 403 },
    },
  ],
];

describe('A guarded service', () => {
  const log = { info() {}, warn() {}, error() {} };
  const access = new Access({ app: accessApp(), log, nameOf: (name) => name, clock: new ManualClock() });
  const ofFunction = access.credentialsOf(FUNCTION);
  let services: RunningServices;

  beforeAll(async () => {
    const inner: RequestHandler = {
      handle(request, response) {
        request.resume();
        response.writeHead(PAST_THE_GUARD).end();
      },
    };
    const protocols = [...PROTOCOLS, DYNAMODB];
    const names = protocols.map(({ service }) => [service, inner]);
    services = await RunningServices.start(guardedServices(access, protocols, Object.fromEntries(names)));
  });
  afterAll(() => services.close());

  async function outcome({ client, command }: Pick<Call, 'client' | 'command'>, credentials: Credentials) {
    const made = client({ ...services.client, credentials });
    try {
      await made.send(command as never);
      throw new Error('Nothing answers with success here.');
    } catch (error) {
      const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      if ($metadata?.httpStatusCode === PAST_THE_GUARD) return new LetIn();
      if ($metadata === undefined) throw error;
      return { name, message, status: $metadata.httpStatusCode };
    } finally {
      made.destroy();
    }
  }

  const grant = (...statements: JsonObject[]) => access.update(accessApp(statements));

  describe.each(CALLS)('asked for %s', (_, call) => {
    const { action, resource, denied, mismatch } = call;

    it('accepts callers whose role’s policies allow it', async () => {
      grant(allow(action, resource));
      expect(await outcome(call, ofFunction)).toBeInstanceOf(LetIn);
    });

    it("refuses others in AWS's format, with AWS’s message", async () => {
      grant(allow(action, `${resource}x`), allow('sts:*', '*'));
      const refused = await outcome(call, ofFunction);
      expect(refused).toMatchObject({ name: denied.name, status: denied.status });
      expect(refused).toHaveProperty(
        'message',
        expect.stringContaining(`User: ${SESSION} is not authorized to perform: `),
      );
      expect(refused).toHaveProperty(
        'message',
        expect.stringContaining(denied.words ?? `perform: ${action} on resource: ${resource} because`),
      );
    });

    it('refuses a wrong secret, and allows everything to people', async () => {
      grant();
      const wrong = await outcome(call, { accessKeyId: 'local', secretAccessKey: 'wrong' });
      expect(wrong).toMatchObject(mismatch);
      expect(await outcome(call, { accessKeyId: 'local', secretAccessKey: 'local' })).toBeInstanceOf(LetIn);
    });
  });

  it('accepts callers that the policy of a queue allows', async () => {
    const [, call] = CALLS[0] as [string, Call];
    const statements = readStatements({
      Statement: [{ Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'sqs:SendMessage', Resource: QUEUE }],
    });
    access.update(accessApp([], { resourcePolicies: [{ resourceArn: QUEUE, statements }] }));
    expect(await outcome(call, ofFunction)).toBeInstanceOf(LetIn);
  });

  describe('called by a person', () => {
    const PERSON = { accessKeyId: 'local', secretAccessKey: 'local' };
    const [, call] = CALLS[0] as [string, Call];
    const queuePolicy = (...Statement: JsonObject[]) =>
      access.update(
        accessApp([], {
          resourcePolicies: [{ resourceArn: QUEUE, statements: readStatements({ Statement }) }],
        }),
      );
    const deny = { Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: QUEUE };

    it('refuses what the policy of a resource denies', async () => {
      queuePolicy(deny);
      const words = `User: arn:aws:iam::${ACCOUNT}:user/local is not authorized to perform: sqs:sendmessage on resource: ${QUEUE} with an explicit deny in a resource-based policy`;
      expect(await outcome(call, PERSON)).toMatchObject({
        name: 'AccessDenied',
        status: 403,
        message: expect.stringContaining(words),
      });
    });

    it.each<[string, JsonObject]>([
      ['another action', { ...deny, Action: 'sqs:ReceiveMessage' }],
      ['a role', { ...deny, Principal: { AWS: ROLE } }],
      ['plain HTTP', { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      ['other users', { ...deny, Condition: { StringNotEquals: { 'aws:username': 'local' } } }],
      ['nobody, and allows only a role', { ...deny, Effect: 'Allow', Principal: { AWS: ROLE } }],
    ])('allows everything, if the policy denies %s', async (_, statement) => {
      queuePolicy(statement);
      expect(await outcome(call, PERSON)).toBeInstanceOf(LetIn);
    });
  });

  it('checks every parameter of a request', async () => {
    const body = JSON.stringify({ Names: ['/app/one', '/other'] });
    const ask = async () => {
      const { host } = new URL(services.url);
      const request = { method: 'POST', path: '/', host, body };
      const scope = { region: 'us-east-1', service: 'ssm' };
      const { host: _, ...headers } = signatureHeaders(request, scope, ofFunction);
      const target = {
        'x-amz-target': 'AmazonSSM.GetParameters',
        'content-type': 'application/x-amz-json-1.1',
      };
      const response = await fetch(services.url, {
        method: 'POST',
        headers: { ...headers, ...target },
        body,
      });
      return { status: response.status, text: await response.text() };
    };
    grant(allow('ssm:GetParameters', `arn:aws:ssm:${ARN}:parameter/app/*`));
    expect(await ask()).toMatchObject({
      status: 400,
      text: expect.stringContaining(
        `ssm:GetParameters on resource: arn:aws:ssm:${ARN}:parameter/other because`,
      ),
    });
    grant(allow('ssm:GetParameters', `arn:aws:ssm:${ARN}:parameter/*`));
    expect((await ask()).status).toBe(PAST_THE_GUARD);
  });

  it.each([
    ['nobody known', { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' }, 'UnrecognizedClientException'],
    [
      'a person with the token of another',
      { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: 'x' },
      'UnrecognizedClientException',
    ],
  ])('recognizes the credentials of %s as AWS does', async (_, credentials, name) => {
    const [, call] = CALLS.find(([what]) => what === 'a secret') as [string, Call];
    expect(await outcome(call, credentials)).toMatchObject({
      ...{ name, status: 400 },
      message: 'The security token included in the request is invalid.',
    });
  });
});
