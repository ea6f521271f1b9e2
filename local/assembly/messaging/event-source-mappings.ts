/** Event source mappings: which queues and streams run which functions, and how. */
import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type {
  DynamoTable,
  EventSourceMapping,
  LambdaFunction,
  OtherResource,
  QueueMapping,
  StreamMapping,
} from '../model';
import { functionNameIn } from '../values/function-arn';
import { type JsonObject, listAt, objectAt, textAt } from '../values/json';
import { objectFrom } from '../values/json-text';
import type { Resource } from '../values/resource';
import type { AppTargets } from './app-targets';
import { checkedPattern } from './checked-pattern';

const QUEUE_ARN = /^arn:[^:]+:sqs:/;
const STREAM_ARN = /^arn:[^:]+:dynamodb:[^:]*:[^:]*:table\/([^/]+)\/stream\//;

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const QUEUE_BATCH = { default: 10, most: 10_000 };
const QUEUE_BATCH_WITHOUT_WINDOW = 10;
const STREAM_BATCH = { default: 100, most: 10_000 };
const MAX_WINDOW_SECONDS = 300;

export interface MappedParts {
  functions: LambdaFunction[];
  tables: DynamoTable[];
  targets: AppTargets;
}

export function readEventSourceMappings(
  assembly: Assembly,
  parts: MappedParts,
): { eventSources: EventSourceMapping[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const eventSources = assembly.resources('AWS::Lambda::EventSourceMapping').flatMap((resource) => {
    if (resource.text('Enabled') === 'false') return [];
    const read = attempts.try(resource, () => readMapping(resource, parts, attempts));
    return read ? [read] : [];
  });
  return { eventSources, notRun: attempts.notRun };
}

function readMapping(resource: Resource, parts: MappedParts, attempts: Attempts): EventSourceMapping {
  const sourceArn = resource.text('EventSourceArn') ?? '';
  const functionName = functionNameIn(resource.text('FunctionName') ?? '');
  const lambdaFunction = parts.functions.find((one) => one.functionName === functionName);
  if (!lambdaFunction) throw resource.mistake(`the runtime does not run its function ${functionName}`);
  if (QUEUE_ARN.test(sourceArn)) return readQueueMapping(resource, sourceArn, lambdaFunction, parts);
  const [, tableName] = STREAM_ARN.exec(sourceArn) ?? [];
  if (tableName !== undefined)
    return readStreamMapping(resource, sourceArn, tableName, lambdaFunction, parts, attempts);
  throw resource.mistake(
    `the runtime does not support its source${sourceArn ? ` ${sourceArn}` : ''}; it supports the app's queues and DynamoDB streams`,
  );
}

function readQueueMapping(
  resource: Resource,
  sourceArn: string,
  { functionName, timeoutSeconds }: LambdaFunction,
  { targets }: MappedParts,
): QueueMapping {
  const queue = targets.queue(sourceArn);
  if (!queue) throw resource.mistake(`its queue ${sourceArn} is not part of this app`);
  if (queue.visibilityTimeoutSeconds < timeoutSeconds) {
    throw resource.mistake(
      `Queue visibility timeout: ${queue.visibilityTimeoutSeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds; Lambda refuses this`,
    );
  }
  const common = commonOf(resource, sourceArn, functionName, QUEUE_BATCH);
  if (common.batchSize > QUEUE_BATCH_WITHOUT_WINDOW && (queue.isFifo || common.batchWindowSeconds === 0)) {
    throw resource.mistake(
      `its BatchSize is ${common.batchSize}; Lambda allows more than ${QUEUE_BATCH_WITHOUT_WINDOW} only for standard queues with MaximumBatchingWindowInSeconds`,
    );
  }
  const maximumConcurrency = objectAt(
    { config: resource.property('ScalingConfig') ?? null },
    'config',
  ).MaximumConcurrency;
  if (
    maximumConcurrency !== undefined &&
    !(Number(maximumConcurrency) >= 2 && Number(maximumConcurrency) <= 1000)
  ) {
    throw resource.mistake(`its MaximumConcurrency is ${maximumConcurrency}; Lambda allows 2 to 1000`);
  }
  return {
    source: 'queue',
    ...common,
    ...(maximumConcurrency === undefined ? {} : { maximumConcurrency: Number(maximumConcurrency) }),
  };
}

function readStreamMapping(
  resource: Resource,
  sourceArn: string,
  tableName: string,
  { functionName }: LambdaFunction,
  { tables }: MappedParts,
  attempts: Attempts,
): StreamMapping {
  if (!tables.find((table) => table.tableName === tableName)?.streamViewType) {
    throw resource.mistake(`its table ${tableName} has no stream in this app`);
  }
  if (resource.properties.TumblingWindowInSeconds !== undefined) {
    attempts.leaveOut(
      resource,
      'the runtime does not support its tumbling window: the function gets each batch separately, without state',
    );
  }
  const position = resource.text('StartingPosition');
  if (position !== 'LATEST' && position !== 'TRIM_HORIZON') {
    throw resource.mistake(
      `its StartingPosition is ${position}; for DynamoDB streams Lambda allows LATEST and TRIM_HORIZON`,
    );
  }
  const onFailureArn = textAt(
    objectAt(objectAt({ config: resource.property('DestinationConfig') ?? null }, 'config'), 'OnFailure'),
    'Destination',
  );
  return {
    source: 'stream',
    ...commonOf(resource, sourceArn, functionName, STREAM_BATCH),
    tableName,
    startingPosition: position,
    bisectsOnError: resource.flag('BisectBatchOnFunctionError'),
    maximumRetryAttempts: within(resource, 'MaximumRetryAttempts', -1, 10_000, -1),
    maximumRecordAgeSeconds: within(resource, 'MaximumRecordAgeInSeconds', -1, 604_800, -1),
    parallelizationFactor: within(resource, 'ParallelizationFactor', 1, 10, 1),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  };
}

function commonOf(
  resource: Resource,
  sourceArn: string,
  functionName: string,
  batch: { default: number; most: number },
) {
  const types = resource.property('FunctionResponseTypes');
  return {
    path: resource.path,
    mappingId: resource.ref,
    ...{ sourceArn, functionName },
    batchSize: within(resource, 'BatchSize', 1, batch.most, batch.default),
    batchWindowSeconds: within(resource, 'MaximumBatchingWindowInSeconds', 0, MAX_WINDOW_SECONDS, 0),
    filters: filtersOf(resource),
    reportsBatchItemFailures: Array.isArray(types) && types.includes('ReportBatchItemFailures'),
  };
}

function within(resource: Resource, name: string, least: number, most: number, standard: number): number {
  const value = resource.number(name) ?? standard;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw resource.mistake(`its ${name} is ${value}; Lambda allows ${least} to ${most}`);
}

function filtersOf(resource: Resource): JsonObject[] {
  const filters = listAt(
    { ...objectAt({ criteria: resource.property('FilterCriteria') ?? null }, 'criteria') },
    'Filters',
  );
  return filters.map((filter) => {
    const pattern = objectFrom(textAt(filter, 'Pattern'));
    if (!pattern)
      throw resource.mistake(
        `a Pattern of its FilterCriteria is not a JSON object: ${JSON.stringify(filter).slice(0, 120)}`,
      );
    return checkedPattern(pattern, resource, 'Lambda refuses its filter');
  });
}
