/** Incoming files: a bucket, and the function that announces every message in them to a service's connections. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CfnElement, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code, type IDestination, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  EventType,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';
import { logAccess } from './bucket-access-log';
import { bundledFunction } from './bundled-function';
import type { WebSocketService } from './websocket-service';

export interface IncomingFilesProps {
  /**
   * The folder with the `handlers.ts` of a function of your own, which `bundleFunctions` has bundled.
   * @default the package's own function, which publishes each message of a file on the channels `topic/*` and
   * `topic/CODE`, such as `topic/adt`
   */
  readonly entry?: string;
  /** The service whose connections get the notifications. */
  readonly service: WebSocketService;
  /** The text of every notification. @default the function's own */
  readonly message?: string;
  /**
   * Whether notifications include file names, which may contain patient names.
   * @default only on the developer's own machine
   */
  readonly sourceNames?: boolean;
  /** How long old versions of a file are kept after it was replaced or deleted. @default 30 days */
  readonly formerVersions?: Duration;
  /** How long S3's access log, which has its own bucket, is kept. @default 365 days */
  readonly accessLogRetention?: Duration;
  /**
   * What happens to the buckets when the stack is deleted. The bucket may have the only copy of a file.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /** @default 512: a scan is fast, but each message needs several calls */
  readonly memoryMegabytes?: number;
  /** @default one month */
  readonly logRetention?: RetentionDays;
  /** How many files are read at the same time. @default none reserved: as many as the account allows */
  readonly reservedConcurrentExecutions?: number;
}

const PRIVATE: BucketProps = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
};

/** An event for a file with many messages to many connections may take longer. The next attempt continues. */
const TIMEOUT = Duration.minutes(5);

export class IncomingFiles extends Construct {
  readonly bucketName: string;
  readonly function: LambdaFunction;
  /**
   * Is in alarm while there are dead letters. It notifies nobody until you add an action:
   * `deadLetterAlarm.addAlarmAction(…)`.
   */
  readonly deadLetterAlarm: Alarm;

  constructor(scope: Construct, id: string, props: IncomingFilesProps) {
    super(scope, id);
    const bucket = this.#bucket(props);
    const deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(deadLetters, 'SQS3', 'This is the dead-letter queue itself.');
    this.deadLetterAlarm = deadLetters
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: Stats.MAXIMUM })
      .createAlarm(this, 'DeadLetterAlarm', {
        alarmDescription: `Files of ${this.node.path} could not be announced. The queue has the events, and the function's log has the reasons.`,
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    const { service, message, sourceNames } = props;
    this.bucketName = bucket.bucketName;
    this.function = bundledFunction(this, 'Function', {
      ...props,
      entry: props.entry ?? ownFunction(),
      memoryMegabytes: props.memoryMegabytes ?? 512,
      handler: 'index.handler',
      timeout: TIMEOUT,
      environment: {
        SERVICE_NAME: service.serviceName,
        ...(message !== undefined && { MESSAGE: message }),
        ...(sourceNames !== undefined && { SOURCE_NAMES: String(sourceNames) }),
      },
      retryAttempts: 2,
      onFailure: sendingOnly(deadLetters),
    });
    service.grantPublish(this.function);
    // What was announced, what was broken, and the log of notifications.
    const logs = ['errors', 'told'].map((name) => `LOG#${service.serviceName}#~${name}`);
    service.connections.grantKeep(this.function, ['FILE#*', ...logs]);
    // Reads exactly the version in the event, which needs no s3:GetObject. Source: S3 API Reference, GetObject,
    // "Permissions".
    this.function.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObjectVersion'], resources: [bucket.arnForObjects('*')] }),
    );
    acknowledge(
      this.function.grantPrincipal,
      `IAM5[Resource::<${Stack.of(this).getLogicalId(bucket.node.defaultChild as CfnElement)}.Arn>/*]`,
      'Senders choose the names of their files. The function reads any version in this one bucket, but may not list, write or delete.',
    );
    bucket.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(this.function));
    this.#acknowledgeNotifications();
    new CfnOutput(this, 'DeadLetterQueue', {
      description: 'Events of files that failed permanently',
      value: deadLetters.queueUrl,
    });
  }

  /** The CDK sets up S3's notifications with a function of its own, one for the whole stack. */
  #acknowledgeNotifications(): void {
    const handler = Stack.of(this).node.children.find(({ node }) =>
      node.id.startsWith('BucketNotificationsHandler'),
    );
    acknowledge(
      handler ?? this,
      'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      "This is the role of the CDK's own function, which sets up bucket notifications during a deployment.",
    );
  }

  #bucket({ removalPolicy, formerVersions, accessLogRetention }: IncomingFilesProps): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      ...PRIVATE,
      versioned: true,
      lifecycleRules: [
        {
          noncurrentVersionExpiration: formerVersions ?? Duration.days(30),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
      ],
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const log = new Bucket(this, 'AccessLog', {
      ...PRIVATE,
      lifecycleRules: [{ expiration: accessLogRetention ?? Duration.days(365) }],
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
    });
    acknowledge(log, 'S1', 'This is the access log itself. It would log its own writes.');
    logAccess(bucket, log);
    return bucket;
  }
}

/**
 * Lambda sends failed events with the function's own role and only needs this permission. `SqsDestination` would
 * grant more.
 */
function sendingOnly(queue: IQueue): IDestination {
  return {
    bind(_scope, lambdaFunction) {
      queue.grant(lambdaFunction, 'sqs:SendMessage');
      return { destination: queue.queueArn };
    },
  };
}

/** The bundle that the package brings. In a clone it does not exist, because `functions/ingest` has the sources. */
function ownFunction(): Code {
  const folder = join(__dirname, '../functions/ingest');
  if (existsSync(join(folder, 'index.mjs'))) return Code.fromAsset(folder);
  throw new Error(
    `IncomingFiles has no function of its own here: there is no bundle in ${folder}. Pass entry, such as functions/ingest, and call bundleFunctions first.`,
  );
}
