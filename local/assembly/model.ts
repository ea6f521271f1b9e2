/**
 * The model of an app after its assembly was read: plain data, with every reference resolved.
 * The gateway, the function host and the tables use only this, never a template.
 */
import type { PolicyStatement } from '../iam/policy-statement';
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
  /** Of the functions. */
  roles: Role[];
  resourcePolicies: ResourcePolicy[];
  /** User-supplied values, by name. Includes parameters and secrets that the app reads at run time. */
  givenValues: Record<string, string>;
  /** Values that placeholders stand for. */
  unknownValues: UnknownValue[];
  stacks: StackSummary[];
  outputs: StackOutput[];
  /** Resources that the runtime does not run, and settings that it does not enforce. Listed once at the start. */
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
  /** If a route requires API keys. */
  apiKeys?: ApiKeySettings;
  routes: Route[];
  stages: Stage[];
  /** Other host names of its stages. */
  customDomains?: CustomDomain[];
  /** Whether only these names work, and the API's own host does not. */
  isExecuteApiDisabled?: boolean;
}

/** The API keys of an app, as far as one API is concerned. */
export interface ApiKeySettings {
  /** Where a handshake has its key: the header `x-api-key`, or the authorizer's `usageIdentifierKey`. */
  source: 'header' | 'authorizer';
  keys: ApiKey[];
}

export interface ApiKey {
  path: string;
  id: string;
  value: string;
  /** If the template has no value. AWS makes up another one then. */
  isGenerated?: boolean;
  isEnabled: boolean;
  /** Those with stages of this API. */
  plans: UsagePlan[];
}

export interface UsagePlan {
  path: string;
  id: string;
  stageNames: string[];
  throttle?: Throttle;
  quota?: { limit: number; period: 'DAY' | 'WEEK' | 'MONTH'; offsetDays: number };
}

/** A token bucket. The account's quotas apply to what is absent. */
export interface Throttle {
  perSecond?: number;
  burst?: number;
}

export interface StageThrottling {
  /** For all routes without settings of their own. */
  stage?: Throttle;
  byRoute: Record<string, Throttle>;
}

/** Which model a message must conform to, and the models by key. */
export interface Validation {
  selectionExpression: string;
  models: Record<string, { path: string; schema: JsonObject }>;
}

/** `wss://{domainName}/{mappingKey}` leads to a stage. */
export interface CustomDomain {
  /** In lower case. */
  domainName: string;
  stageName: string;
  /** Empty for the domain alone. Keys such as `orders/v1` have several segments. */
  mappingKey: string;
}

export interface Route {
  path: string;
  /** `$connect`, `$disconnect`, `$default` or a custom key. */
  routeKey: string;
  /** What authorizes a handshake before the integration of `$connect` runs. */
  authorizer?: Authorizer;
  integration: Integration;
  /**
   * By stage name, if a stage's integration differs: stage variables in its URI, or permissions for some stages only.
   */
  integrationsByStage?: Record<string, Integration>;
  /** `route.request.querystring.room` and the like, and whether a handshake must have it. */
  parameters?: Record<string, { isRequired: boolean }>;
  /** The models that messages must conform to. */
  validation?: Validation;
  apiKeyRequired?: boolean;
  /** Two-way: a `$default` route response exists and is selected, so the function's body is sent to the client. */
  returnsResponse: boolean;
}

/** How a route is answered. Every kind that the gateway can run is a member. */
export type Integration =
  | LambdaIntegration
  | LambdaCustomIntegration
  | HttpIntegration
  | MockIntegration
  | ServiceIntegration
  | NotRun;

/** How a handshake is authorized. Every kind that the gateway can run is a member. */
export type Authorizer = LambdaAuthorizer | IamAuthorizer | NotRun;

/** A function that returns a policy: whether the client may connect. */
export interface LambdaAuthorizer {
  type: 'REQUEST';
  /** The construct path of the authorizer. */
  path: string;
  functionName: string;
  qualifier?: string;
  /** `route.request.header.Authorization` and the like. If one is missing, the function is not called. */
  identitySources: string[];
}

/** IAM: the client signs the handshake, and its policies must allow it to invoke `$connect`. */
export interface IamAuthorizer {
  type: 'AWS_IAM';
  /** The construct path of the route. */
  path: string;
}

/** A part that the runtime cannot run. Everything that depends on it fails as on AWS when that part fails. */
export interface NotRun {
  type: 'NOT_RUN';
  /** The construct path of the part itself: the integration, its function or the authorizer. */
  path: string;
  /** The reason and the remedy. */
  reason: string;
}

export interface LambdaIntegration {
  type: 'AWS_PROXY';
  functionName: string;
  /** The alias or version in the integration. */
  qualifier?: string;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Answers with templates alone. */
export interface MockIntegration extends TemplatedIntegration {
  type: 'MOCK';
}

/** Calls an AWS service that runs here, with a request from templates. */
export interface ServiceIntegration extends TemplatedIntegration {
  type: 'AWS';
  /** As in the service's host name: `sqs`, `dynamodb`. */
  service: string;
  method: string;
  /** `/{account}/{queue}` or an action of the service. */
  target: { kind: 'path' | 'action'; name: string };
  /** `integration.request.header.Content-Type` from `'application/x-www-form-urlencoded'`, and the like. */
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Runs a function with an event that templates make. */
export interface LambdaCustomIntegration extends TemplatedIntegration {
  type: 'AWS_LAMBDA';
  functionName: string;
  qualifier?: string;
  /** As those of service integrations. */
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

/** Sends each message to a URL: HTTP with templates, HTTP_PROXY as it is. */
export interface HttpIntegration extends TemplatedIntegration {
  type: 'HTTP' | 'HTTP_PROXY';
  /** With `{name}` where a path parameter goes. */
  url: string;
  method: string;
  parameters: Record<string, string>;
  /** 50 to 29,000. */
  timeoutMillis: number;
}

export type ContentHandling = 'CONVERT_TO_BINARY' | 'CONVERT_TO_TEXT';

/** Integrations other than proxies: mapping templates make the request and the response. */
export interface TemplatedIntegration {
  path: string;
  request: TemplateChoice;
  passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER';
  responses: IntegrationResponse[];
  /** @default text passes as it is */
  contentHandling?: ContentHandling;
}

export interface IntegrationResponse extends TemplateChoice {
  /** `$default`, or a pattern between slashes of the status, or of a function's error message: `/4\d\d/`. */
  key: string;
  contentHandling?: ContentHandling;
}

/** Mapping templates by key, and the expression that selects one. */
export interface TemplateChoice {
  templates: Record<string, string>;
  selectionExpression?: string;
}

export interface Stage {
  path: string;
  stageName: string;
  /** Left out of events if empty. */
  variables: Record<string, string>;
  throttling?: StageThrottling;
  /** The format of its access log, if it has one. */
  accessLogFormat?: string;
}

export interface LambdaFunction {
  path: string;
  functionName: string;
  functionArn: string;
  /** The role whose policies apply to it. */
  roleArn?: string;
  /** Lambda's name: `nodejs24.x`, `python3.13`, `provided.al2023`. */
  runtime: string;
  /** For Python: the interpreter that has Lambda's runtime client. */
  interpreter?: string;
  /** Absolute folder with the function's code, or the zip file that holds it. */
  codeDirectory: string;
  /** `file.export`, as in the template. A `provided` runtime interprets it as it likes. */
  handler: string;
  /** Absolute folders or zip files. At `/opt`, later ones override earlier ones. */
  layers?: string[];
  /**
   * The versions behind its aliases and version numbers: `{ live: '1', 1: '1' }`. Callers use such a qualifier as
   * `name:live`. Every version runs the same code here, in its own environments.
   */
  qualifiers?: Record<string, string>;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** What happens to asynchronous events, if the app says so. */
  asynchronous?: AsynchronousSettings;
}

/** A role of functions, with what its policies say together. */
export interface Role {
  path: string;
  roleName: string;
  roleArn: string;
  statements: PolicyStatement[];
  /** Of its permissions boundary, if it has one. */
  boundary?: PolicyStatement[];
}

/** What a resource's own policy says of who may use it. */
export interface ResourcePolicy {
  resourceArn: string;
  statements: PolicyStatement[];
}

export interface AsynchronousSettings {
  /** 0 to 2. */
  retryAttempts?: number;
  maxEventAgeSeconds?: number;
  /** Where the record of a successful event goes. */
  onSuccessArn?: string;
  /** Where the record of a failed event goes. */
  onFailureArn?: string;
  /** The queue or topic that gets a failed event itself. */
  deadLetterArn?: string;
}

export interface DynamoTable {
  path: string;
  tableName: string;
  tableArn: string;
  /** Input of DynamoDB's CreateTable: name, key schema, attribute definitions, indexes, billing. */
  createTable: Record<string, unknown> & { TableName: string };
  /** The attribute that contains an item's expiry (seconds since the epoch), if the table has one. */
  ttlAttribute?: string;
  /** What its stream contains for each change, if it has one: `NEW_AND_OLD_IMAGES`. */
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
  /** The subscriptions that are run, and that the topic has permission to deliver to. */
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
  /** The rules that match events. Scheduled ones are among the schedules. */
  rules: EventRule[];
}

export interface EventRule {
  path: string;
  ruleName: string;
  ruleArn: string;
  pattern: JsonObject;
  targets: EventTarget[];
}

/** What a rule or a schedule delivers to: a function, queue, topic or event bus that it has permission for. */
export interface EventTarget {
  arn: string;
  /** What it gets instead of the event. @default the event */
  input?: EventInput;
  /** For a FIFO queue. */
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

/** How a function gets the content of a queue or a stream. */
export type EventSourceMapping = QueueMapping | StreamMapping;

interface MappingSettings {
  path: string;
  mappingId: string;
  sourceArn: string;
  functionName: string;
  batchSize: number;
  batchWindowSeconds: number;
  /** Event patterns, one of which must match. @default everything matches */
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
  /** -1 means no limit. */
  maximumRetryAttempts: number;
  /** -1 means no limit. */
  maximumRecordAgeSeconds: number;
  parallelizationFactor: number;
  onFailureArn?: string;
}

/** An S3 bucket. A folder on this machine stands for it, if there is one. */
export interface Bucket {
  path: string;
  bucketName: string;
  bucketArn: string;
  notifications: BucketNotification[];
}

/** Who is notified about which objects of a bucket. */
export interface BucketNotification {
  id: string;
  /** The ARN of a function, a queue or a topic. */
  targetArn: string;
  /** `s3:ObjectCreated:*` and the like. */
  events: string[];
  /** For keys; empty for all. */
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
  /** Missing if nobody has set it. */
  value?: string;
  description?: string;
}

/** A value of the app that only AWS knows. */
export interface UnknownValue {
  /** The name for `--parameter`: `Main/Database.Endpoint.Address`. */
  name: string;
  /** What stands for it: a host name that never resolves, and that says what it stands for. */
  placeholder: string;
  /** `Main/Handler (DB_HOST)` */
  users: string[];
}

/** A resource that users know. Nested ones are parts of it. */
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
  /** The reason, if the type does not explain it, and the remedy. */
  reason?: string;
  /** What fails without it: `every handshake of Main/Api gets 500`. */
  cost?: string;
}
