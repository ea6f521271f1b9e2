/**
 * What the runtime knows of an app once its assembly has been read: plain data, every reference resolved.
 * The gateway, the function host and the tables are built from this and never look into a template.
 */
import type { HttpApi } from './apis/http-model';
import type { JsonObject } from './values/json';

export interface App {
  region: string;
  accountId: string;
  apis: WebSocketApi[];
  /** What answers plain HTTP: HTTP APIs, REST APIs and function URLs. */
  httpApis: HttpApi[];
  functions: LambdaFunction[];
  tables: DynamoTable[];
  schedules: Schedule[];
  buckets: Bucket[];
  queues: Queue[];
  topics: Topic[];
  eventBuses: EventBus[];
  eventSources: EventSourceMapping[];
  storedParameters: StoredParameter[];
  secrets: Secret[];
  /** What people gave for values of other places, by name: parameters and secrets that the app reads at run time, too. */
  givenValues: Record<string, string>;
  /** Values for which placeholders stand. */
  unknownValues: UnknownValue[];
  stacks: StackSummary[];
  outputs: StackOutput[];
  /** Resources that the runtime does not run, and settings that it does not enforce: to be listed once at the start. */
  notRun: OtherResource[];
}

export interface WebSocketApi {
  /** The construct path in the app (`Stack/Chat/Api/Resource`), for messages. */
  path: string;
  /** Ten lower-case characters, the same in every run of the same app. */
  apiId: string;
  name: string;
  /** For instance `$request.body.action`. */
  routeSelectionExpression: string;
  routes: Route[];
  stages: Stage[];
  /** Other names by which clients reach its stages. */
  customDomains?: CustomDomain[];
  /** Whether only these names answer, and the API's own host does not. */
  isExecuteApiDisabled?: boolean;
}

/** `wss://{domainName}/{mappingKey}` is a stage. */
export interface CustomDomain {
  /** In lower case. */
  domainName: string;
  stageName: string;
  /** Empty for the domain alone; more than one segment for keys such as `orders/v1`. */
  mappingKey: string;
}

export interface Route {
  path: string;
  /** `$connect`, `$disconnect`, `$default` or a custom key. */
  routeKey: string;
  /** What decides over a handshake before the integration of `$connect` runs. */
  authorizer?: Authorizer;
  integration: Integration;
  /** Where a stage's own integration differs: stage variables in its URI, permissions for some stages only. By stage name. */
  integrationsByStage?: Record<string, Integration>;
  /** Two-way: a `$default` route response exists and is selected, so that the function's body goes to the client. */
  returnsResponse: boolean;
}

/** How a route gets its answer. Every kind that the gateway can run is a member. */
export type Integration = LambdaIntegration | MockIntegration | ServiceIntegration | NotRun;

/** How a handshake is authorized. Every kind that the gateway can run is a member. */
export type Authorizer = LambdaAuthorizer | NotRun;

/** A function that says by a policy whether the client may connect. */
export interface LambdaAuthorizer {
  type: 'REQUEST';
  /** The construct path of the authorizer. */
  path: string;
  functionName: string;
  qualifier?: string;
  /** `route.request.header.Authorization` and the like: without all of them the function is not asked. */
  identitySources: string[];
}

/** A part that the runtime cannot run. What depends on it fails as it does on AWS when that part fails. */
export interface NotRun {
  type: 'NOT_RUN';
  /** The construct path of the part itself: the integration, its function, the authorizer. */
  path: string;
  /** Why, and what to do about it. */
  reason: string;
}

export interface LambdaIntegration {
  type: 'AWS_PROXY';
  functionName: string;
  /** The alias or the version that the integration names. */
  qualifier?: string;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Answers from templates alone. */
export interface MockIntegration extends TemplatedIntegration {
  type: 'MOCK';
}

/** Calls an AWS service that runs here, with a request that templates make. */
export interface ServiceIntegration extends TemplatedIntegration {
  type: 'AWS';
  /** As in the service's host: `sqs`, `dynamodb`. */
  service: string;
  method: string;
  /** `/{account}/{queue}` or an action of the service. */
  target: { kind: 'path' | 'action'; name: string };
  /** `integration.request.header.Content-Type` from `'application/x-www-form-urlencoded'`, and the like. */
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** What is not a proxy: mapping templates make its request and its answer. */
export interface TemplatedIntegration {
  path: string;
  request: TemplateChoice;
  passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER';
  responses: IntegrationResponse[];
}

export interface IntegrationResponse extends TemplateChoice {
  /** `$default`, or a pattern of the status between slashes: `/4\d\d/`. */
  key: string;
}

/** Mapping templates by their keys, and the expression that selects one. */
export interface TemplateChoice {
  templates: Record<string, string>;
  selectionExpression?: string;
}

export interface Stage {
  path: string;
  stageName: string;
  /** Absent from events if empty. */
  variables: Record<string, string>;
}

export interface LambdaFunction {
  path: string;
  functionName: string;
  functionArn: string;
  /** As Lambda names it: `nodejs24.x`, `python3.13`, `provided.al2023`. */
  runtime: string;
  /** Of a Python function: the interpreter that has Lambda's runtime client. */
  interpreter?: string;
  /** Absolute folder with the function's code, or the zip file that holds it. */
  codeDirectory: string;
  /** `file.export`, as in the template; a `provided` runtime reads it as it likes. */
  handler: string;
  /** Absolute folders or zip files, later ones laid over earlier ones at `/opt`. */
  layers?: string[];
  /**
   * The versions that its aliases and version numbers stand for: `{ live: '1', 1: '1' }`. It is invoked by such a qualifier as
   * `name:live`. Every version runs the same code here, in environments of its own.
   */
  qualifiers?: Record<string, string>;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** What becomes of events that it gets asynchronously, where the app says so. */
  asynchronous?: AsynchronousSettings;
}

export interface AsynchronousSettings {
  /** 0 to 2. */
  retryAttempts?: number;
  maxEventAgeSeconds?: number;
  /** Where the record of an event goes whose function has succeeded. */
  onSuccessArn?: string;
  /** Where the record of an event goes that failed for good. */
  onFailureArn?: string;
  /** The queue or topic that gets an event itself that failed for good. */
  deadLetterArn?: string;
}

export interface DynamoTable {
  path: string;
  tableName: string;
  tableArn: string;
  /** Input of DynamoDB's CreateTable: names, key schema, attribute definitions, indexes, billing. */
  createTable: Record<string, unknown> & { TableName: string };
  /** The attribute by which items expire (seconds since the epoch), if the table has one. */
  ttlAttribute?: string;
  /** What its stream tells of a change, if it has one: `NEW_AND_OLD_IMAGES`. */
  streamViewType?: StreamViewType;
}

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface Queue {
  path: string;
  queueName: string;
  queueArn: string;
  isFifo: boolean;
  contentBasedDeduplication: boolean;
  deduplicationScope: 'queue' | 'messageGroup';
  delaySeconds: number;
  visibilityTimeoutSeconds: number;
  retentionSeconds: number;
  receiveWaitSeconds: number;
  maxMessageBytes: number;
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
}

export interface Topic {
  path: string;
  topicName: string;
  topicArn: string;
  displayName: string;
  isFifo: boolean;
  contentBasedDeduplication: boolean;
  /** Those that are run, and that the topic may deliver to. */
  subscriptions: Subscription[];
}

export interface Subscription {
  path: string;
  subscriptionArn: string;
  protocol: 'lambda' | 'sqs';
  /** The ARN of the function or queue. */
  endpoint: string;
  isRaw: boolean;
  filterPolicy?: JsonObject;
  filterPolicyScope: 'MessageAttributes' | 'MessageBody';
  deadLetterArn?: string;
}

export interface EventBus {
  path: string;
  name: string;
  busArn: string;
  /** Those that match events; scheduled ones are among the schedules. */
  rules: EventRule[];
}

export interface EventRule {
  path: string;
  ruleName: string;
  ruleArn: string;
  pattern: JsonObject;
  targets: EventTarget[];
}

/** What a rule or a schedule delivers to: a function, queue, topic or event bus that it may deliver to. */
export interface EventTarget {
  arn: string;
  /** What it gets in place of the event. @default the event */
  input?: EventInput;
  /** Of a FIFO queue. */
  messageGroupId?: string;
  deadLetterArn?: string;
}

export type EventInput =
  /** JSON text. */
  | { kind: 'constant'; text: string }
  | { kind: 'path'; path: string }
  | { kind: 'template'; paths: Record<string, string>; template: string };

/** A scheduled rule of EventBridge, or a schedule of EventBridge Scheduler. */
export interface Schedule {
  path: string;
  arn: string;
  service: 'events' | 'scheduler';
  timing: ScheduleTiming;
  targets: EventTarget[];
}

export type ScheduleTiming =
  | { kind: 'rate'; intervalMillis: number; start?: number; end?: number }
  /** The six fields of AWS's cron expressions. */
  | { kind: 'cron'; expression: string; timeZone: string; start?: number; end?: number }
  | { kind: 'at'; at: number };

/** How a function gets what is in a queue or a stream. */
export type EventSourceMapping = QueueMapping | StreamMapping;

interface MappingSettings {
  path: string;
  mappingId: string;
  sourceArn: string;
  functionName: string;
  batchSize: number;
  batchWindowSeconds: number;
  /** Event patterns, one of which must match. @default everything does */
  filters: JsonObject[];
  reportsBatchItemFailures: boolean;
}

export interface QueueMapping extends MappingSettings {
  source: 'queue';
  maximumConcurrency?: number;
}

export interface StreamMapping extends MappingSettings {
  source: 'stream';
  tableName: string;
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  bisectsOnError: boolean;
  /** -1 for without end. */
  maximumRetryAttempts: number;
  /** -1 for without end. */
  maximumRecordAgeSeconds: number;
  parallelizationFactor: number;
  onFailureArn?: string;
}

/** An S3 bucket. On this machine a folder stands for it, if it is given one. */
export interface Bucket {
  path: string;
  bucketName: string;
  bucketArn: string;
  notifications: BucketNotification[];
}

/** Who hears of which objects that come into a bucket. */
export interface BucketNotification {
  id: string;
  /** Of a function, a queue or a topic. */
  targetArn: string;
  /** `s3:ObjectCreated:*` and the like. */
  events: string[];
  /** Of the keys; empty for all. */
  prefix: string;
  suffix: string;
}

/** In the parameter store of Systems Manager. */
export interface StoredParameter {
  path: string;
  name: string;
  arn: string;
  type: 'String' | 'StringList';
  value: string;
}

/** In Secrets Manager. */
export interface Secret {
  path: string;
  name: string;
  arn: string;
  /** Absent if nobody has given it one. */
  value?: string;
  description?: string;
}

/** A value of the app that only AWS knows. */
export interface UnknownValue {
  /** The name by which `--parameter` gives it: `Main/Database.Endpoint.Address`. */
  name: string;
  /** What stands for it: a host name that is never resolved, and that tells what it is. */
  placeholder: string;
  /** `Main/Handler (DB_HOST)` */
  users: string[];
}

/** One that people know: nested ones are parts of it. */
export interface StackSummary {
  name: string;
  stackId: string;
  description?: string;
}

export interface StackOutput {
  stack: string;
  name: string;
  value: string;
  description?: string;
}

export interface OtherResource {
  type: string;
  path: string;
  /** Why, where the type alone does not say, and what to do about it. */
  reason?: string;
  /** What of the app fails without it: `every handshake of Main/Api gets 500`. */
  cost?: string;
}
