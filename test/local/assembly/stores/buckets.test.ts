import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplate, readTemplate } from '../written-assembly';

const FUNCTION_ARN = { 'Fn::GetAtt': ['Function', 'Arn'] };

type Resources = Record<string, { Type: string; Properties: JsonObject }>;

/** The chat with a bucket, and more resources. */
function read(more: Resources, { principal = 's3.amazonaws.com' } = {}) {
  const template = chatTemplate();
  Object.assign(template.Resources, {
    Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } },
    FilesPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        Principal: principal,
        FunctionName: FUNCTION_ARN,
        SourceAccount: { Ref: 'AWS::AccountId' },
        SourceArn: { 'Fn::GetAtt': ['Files', 'Arn'] },
      },
    },
    ...more,
  });
  const { buckets, notRun, functions } = readTemplate(template);
  return { buckets, notRun, targetArn: functions[0]?.functionArn, functions };
}

/** As the CDK's Bucket.addEventNotification writes it. */
function byCdk(configuration: JsonObject, bucket: Json = { Ref: 'Files' }): Resources {
  return {
    Notifications: {
      Type: 'Custom::S3BucketNotifications',
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['NotificationsHandler', 'Arn'] },
        BucketName: bucket,
        NotificationConfiguration: configuration,
        Managed: true,
      },
    },
    NotificationsHandler: {
      Type: 'AWS::Lambda::Function',
      Properties: { Runtime: 'python3.13', Handler: 'index.handler', Code: { ZipFile: 'import boto3' } },
    },
  };
}

function lambdaConfiguration(changes: JsonObject = {}): JsonObject {
  return {
    LambdaFunctionConfigurations: [
      { Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: FUNCTION_ARN, ...changes },
    ],
  };
}

describe('readBuckets', () => {
  it('reads a bucket without notifications', () => {
    expect(read({})).toMatchObject({
      buckets: [
        { path: 'Main/Files', bucketName: 'files', bucketArn: 'arn:aws:s3:::files', notifications: [] },
      ],
      notRun: [],
    });
  });

  it("reads the CDK's notifications, and does not run the CDK’s handler", () => {
    const Filter = {
      Key: {
        FilterRules: [
          { Name: 'suffix', Value: '.hl7' },
          { Name: 'prefix', Value: 'in/' },
        ],
      },
    };
    const { buckets, notRun, targetArn, functions } = read(byCdk(lambdaConfiguration({ Filter })));
    expect(buckets[0]?.notifications).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        targetArn,
        events: ['s3:ObjectCreated:*'],
        prefix: 'in/',
        suffix: '.hl7',
      },
    ]);
    expect(notRun).toEqual([]);
    expect(functions).toHaveLength(1);
  });

  it("does not look for Python because of the CDK's handler", () => {
    const venv = mkdtempSync(join(tmpdir(), 'venv-'));
    const before = process.env.VIRTUAL_ENV;
    try {
      mkdirSync(join(venv, 'bin'));
      // A log that reports when functions can run.
      writeFileSync(join(venv, 'bin/python'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      process.env.VIRTUAL_ENV = venv;
      expect(read(byCdk(lambdaConfiguration())).functions).toHaveLength(1);
    } finally {
      if (before === undefined) delete process.env.VIRTUAL_ENV;
      else process.env.VIRTUAL_ENV = before;
      rmSync(venv, { recursive: true });
    }
  });

  it.each(['Put', 'Post'])("reads CloudFormation's own notifications of %s", (how) => {
    const { buckets, notRun, targetArn } = read({
      Files: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'files',
          NotificationConfiguration: {
            LambdaConfigurations: [
              {
                Event: `s3:ObjectCreated:${how}`,
                Function: FUNCTION_ARN,
                Filter: { S3Key: { Rules: [{ Name: 'Prefix', Value: 'in/' }] } },
              },
            ],
          },
        },
      },
    });
    expect(buckets).toMatchObject([
      { notifications: [{ targetArn, events: [`s3:ObjectCreated:${how}`], prefix: 'in/', suffix: '' }] },
    ]);
    expect(notRun).toEqual([]);
  });

  it('reads the notifications of a bucket outside the app', () => {
    const resources = byCdk(lambdaConfiguration(), 'theirs');
    resources.FilesPermission = {
      Type: 'AWS::Lambda::Permission',
      Properties: { Action: 'lambda:*', Principal: 's3.amazonaws.com', FunctionName: FUNCTION_ARN },
    };
    expect(read(resources).buckets).toMatchObject([
      { bucketName: 'files', notifications: [] },
      { bucketName: 'theirs', path: 'Main/Notifications', notifications: [{ prefix: '' }] },
    ]);
  });

  it('reads notifications to a queue whose policy lets S3 send', () => {
    const queueArn = { 'Fn::GetAtt': ['Arrivals', 'Arn'] };
    const resources = byCdk({
      QueueConfigurations: [{ Events: ['s3:ObjectCreated:*'], QueueArn: queueArn }],
    });
    resources.Arrivals = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'arrivals' } };
    const policy = (aws: string): Resources => ({
      Policy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'Arrivals' }],
          PolicyDocument: {
            Statement: {
              ...{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn },
              ...{
                Principal: { Service: 's3.amazonaws.com' },
                Condition: { ArnLike: { 'aws:SourceArn': aws } },
              },
            },
          },
        },
      },
    });
    expect(read({ ...resources, ...policy('arn:aws:s3:::fil*') }).buckets).toMatchObject([
      { notifications: [{ targetArn: 'arn:aws:sqs:us-east-1:000000000000:arrivals' }] },
    ]);
    const { buckets, notRun } = read({ ...resources, ...policy('arn:aws:s3:::other') });
    expect(buckets).toMatchObject([{ notifications: [] }]);
    expect(notRun[0]?.reason).toContain(
      's3.amazonaws.com has no permission for sqs:SendMessage on the queue arrivals',
    );
  });

  it('lists other notifications', () => {
    const { buckets, notRun } = read(
      byCdk({
        ...lambdaConfiguration({ Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] }),
        QueueConfigurations: [{ Events: ['s3:ObjectCreated:*'], QueueArn: 'arn:aws:sqs:us-east-1:1:queue' }],
        TopicConfigurations: [{ Events: ['s3:ObjectCreated:*'], TopicArn: 'arn:aws:sns:us-east-1:1:topic' }],
        EventBridgeConfiguration: {},
      }),
    );
    expect(buckets[0]?.notifications).toHaveLength(1);
    expect(notRun.map(({ reason }) => reason)).toEqual([
      'not run; only notifications to functions, queues and topics are',
      's3:ObjectRemoved:* is not notified',
      expect.stringContaining('its notification: the runtime does not have the queue queue'),
      expect.stringContaining('its notification: the runtime does not have the topic topic'),
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['of other events', { Events: ['s3:ObjectRemoved:*'] }, 'of s3:ObjectRemoved:\\* are not supported'],
    [
      'to a function that is not there',
      { LambdaFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:other' },
      'the runtime does not run the function other',
    ],
    [
      'with another filter',
      { Filter: { Key: { FilterRules: [{ Name: 'size', Value: '1' }] } } },
      'filters by size; S3 supports prefix and suffix',
    ],
  ])('lists notifications %s', (_, changes, reason) => {
    const { buckets, notRun } = read(byCdk(lambdaConfiguration(changes)));
    expect(buckets).toMatchObject([{ notifications: [] }]);
    expect(notRun).toEqual([
      {
        type: 'Custom::S3BucketNotifications',
        path: 'Main/Notifications',
        reason: expect.stringMatching(reason),
        cost: 'Main/Notifications delivers only partly',
      },
    ]);
  });

  it('lists notifications to a function that S3 may not invoke', () => {
    const { buckets, notRun } = read(byCdk(lambdaConfiguration()), { principal: 'events.amazonaws.com' });
    expect(buckets).toMatchObject([{ notifications: [] }]);
    expect(notRun[0]?.reason).toMatch(
      /s3.amazonaws.com has no permission to invoke Main-Function-\w+ for arn:aws:s3:::files, so on AWS/,
    );
  });

  it('lists a bucket whose name is taken', () => {
    const twin = { Twin: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } } };
    expect(read(twin).notRun[0]?.reason).toContain('is named files, like Main/Files');
  });

  it('reads the CORS rules of a bucket', () => {
    const { buckets } = read({
      Files: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'files',
          CorsConfiguration: {
            CorsRules: [
              { AllowedOrigins: ['*'], AllowedMethods: ['PUT'], AllowedHeaders: ['*'], MaxAge: 3000 },
              { AllowedOrigins: ['https://a.example'], AllowedMethods: ['GET'], ExposedHeaders: ['ETag'] },
            ],
          },
        },
      },
    });
    expect(buckets[0]?.corsRules).toEqual([
      {
        ...{ allowedOrigins: ['*'], allowedMethods: ['PUT'], allowedHeaders: ['*'], exposedHeaders: [] },
        maxAgeSeconds: 3000,
      },
      {
        ...{ allowedOrigins: ['https://a.example'], allowedMethods: ['GET'], allowedHeaders: [] },
        exposedHeaders: ['ETag'],
      },
    ]);
  });
});

describe('readAsynchronousSettings', () => {
  const queue: Resources = {
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letters' } },
  };
  const settings = (more: Resources) => read(more).functions[0]?.asynchronous;
  const config = (properties: JsonObject): Resources => ({
    ...queue,
    Config: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Function' }, Qualifier: '$LATEST', ...properties },
    },
  });

  it('returns none if the app has none', () => {
    expect(settings({})).toBeUndefined();
  });

  it('reads the retries of an event, and its destinations', () => {
    const given = config({
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } },
      MaximumEventAgeInSeconds: 3600,
      MaximumRetryAttempts: 1,
    });
    expect(settings(given)).toEqual({
      retryAttempts: 1,
      maxEventAgeSeconds: 3600,
      onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:dead-letters',
    });
    expect(read(given).notRun).toEqual([]);
  });

  it('reads a dead-letter queue', () => {
    const { Function: lambdaFunction } = chatTemplate().Resources;
    const deadLetters = { DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] } } };
    const given = {
      ...queue,
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: { ...lambdaFunction?.Properties, ...deadLetters },
      },
    };
    expect(settings(given)).toEqual({ deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:dead-letters' });
  });

  it("ignores a version's settings", () => {
    expect(settings(config({ Qualifier: 'live', MaximumRetryAttempts: 0 }))).toBeUndefined();
  });
});
