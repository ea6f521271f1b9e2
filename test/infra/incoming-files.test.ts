import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ConnectionTable } from '../../infra/connection-table';
import { IncomingFiles, type IncomingFilesProps } from '../../infra/incoming-files';
import { WebSocketService } from '../../infra/websocket-service';
import { grants, statements } from './statements';

/** The constructs accept any folder as a bundle. */
let directory: string;
const before = process.cwd();
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'incoming-files-'));
  for (const entry of ['notifications', 'ingest']) {
    mkdirSync(join(directory, 'build/functions', entry), { recursive: true });
  }
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function synthesize(props: Partial<IncomingFilesProps> = {}): Template {
  const stack = new Stack(new App({ outdir: join(directory, 'cdk.out') }), 'Stack');
  const connections = new ConnectionTable(stack, 'Connections');
  const service = new WebSocketService(stack, 'Notifications', {
    entry: 'functions/notifications',
    connections,
    environment: { WORDS: 'Hello' },
  });
  new IncomingFiles(stack, 'Incoming', { entry: 'functions/ingest', service, ...props });
  return Template.fromStack(stack);
}

describe('IncomingFiles', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize();
  });

  const ingest = { Handler: 'index.handler', Timeout: 300 };
  const idOf = (type: string, properties: object) =>
    Object.keys(template.findResources(type, { Properties: properties }))[0];

  it('keeps files in a bucket that is private, encrypted and versioned', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });

  it.each(['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy'])('takes nothing without TLS (%s)', (type) => {
    template.hasResourceProperties(type, {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });

  it('deletes old versions after a month, or as configured', () => {
    const rule = (NoncurrentDays: number) => ({
      LifecycleConfiguration: {
        Rules: [Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays }, Status: 'Enabled' })],
      },
    });
    template.hasResourceProperties('AWS::S3::Bucket', rule(30));
    synthesize({ formerVersions: Duration.days(1) }).hasResourceProperties('AWS::S3::Bucket', rule(1));
  });

  it('keeps the files when the stack is deleted, unless configured otherwise', () => {
    template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    synthesize({ removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Delete',
    });
  });

  it('logs access to the files, into a bucket that only S3’s log delivery can write to', () => {
    const logId = idOf('AWS::S3::Bucket', { LoggingConfiguration: Match.absent() });
    template.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      LoggingConfiguration: { DestinationBucketName: { Ref: logId } },
    });
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
        LifecycleConfiguration: { Rules: [{ ExpirationInDays: 365, Status: 'Enabled' }] },
        LoggingConfiguration: Match.absent(),
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: logId },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'logging.s3.amazonaws.com' },
            Action: 's3:PutObject',
            Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
          }),
        ]),
      },
    });
  });

  it('raises an alarm while there are dead letters', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [idOf('AWS::SQS::Queue', {}), 'QueueName'] } },
      ],
    });
  });

  it('notifies its function of every created object', () => {
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            Events: ['s3:ObjectCreated:*'],
            LambdaFunctionArn: { 'Fn::GetAtt': [idOf('AWS::Lambda::Function', ingest), 'Arn'] },
          },
        ],
      },
    });
  });

  it('retries an event three times, and keeps failed events for 14 days', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: idOf('AWS::Lambda::Function', ingest) },
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
      SqsManagedSseEnabled: true,
    });
  });

  it('lets its function only read a version of a file, keep notes, publish, and send failed events', () => {
    expect(grants(template, '^IncomingFunctionRole')).toEqual([
      'dynamodb:GetItem ConnectionsTable',
      'dynamodb:PutItem ConnectionsTable',
      'dynamodb:PutItem ConnectionsTable',
      'dynamodb:Query ConnectionsTable',
      'dynamodb:UpdateItem ConnectionsTable',
      'dynamodb:UpdateItem ConnectionsTable',
      'execute-api:ManageConnections arn:AWS::Partition:execute-api:AWS::Region:AWS::AccountId:NotificationsApi/notifications/POST/@connections/*',
      'lambda:InvokeFunction NotificationsFunctionsServer',
      'logs:CreateLogStream IncomingFunctionLogs',
      'logs:PutLogEvents IncomingFunctionLogs',
      's3:GetObjectVersion IncomingBucket/*',
      'sqs:SendMessage IncomingDeadLetters',
    ]);
    template.allResourcesProperties('AWS::IAM::Role', { Policies: Match.absent() });
  });

  it('does not mention file names unless configured', () => {
    const variables = (SOURCE_NAMES: unknown) => ({
      Environment: { Variables: Match.objectLike({ SERVICE_NAME: 'notifications', SOURCE_NAMES }) },
    });
    template.hasResourceProperties('AWS::Lambda::Function', { ...ingest, ...variables(Match.absent()) });
    synthesize({ sourceNames: true }).hasResourceProperties('AWS::Lambda::Function', variables('true'));
  });

  it('lets its function change only its own items', () => {
    const keeps = statements(template, '^IncomingFunctionRole').filter(({ Action }) =>
      Action.includes('dynamodb:PutItem'),
    );
    const keys = keeps.map(({ Action, Condition }) => {
      expect(Action).toEqual(['dynamodb:PutItem', 'dynamodb:UpdateItem']);
      return Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
    });
    expect(keys.flat().sort()).toEqual([
      ...['DELIVERY#*', 'FILE#*', 'LOG#notifications#~errors', 'LOG#notifications#~told'],
    ]);
  });

  it('keeps the function’s logs for a month', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      ...ingest,
      LoggingConfig: { LogGroup: { Ref: Match.stringLikeRegexp('^IncomingFunctionLogs') } },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('works in a fresh account, without reserved concurrency', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
  });
});

describe('WebSocketService', () => {
  it('gives its own functions the environment variables that their code reads', () => {
    const template = synthesize();
    for (const Handler of ['index.routes', 'index.server']) {
      template.hasResourceProperties('AWS::Lambda::Function', {
        Handler,
        Environment: { Variables: Match.objectLike({ WORDS: 'Hello', SERVICE_NAME: 'notifications' }) },
      });
    }
  });
});
