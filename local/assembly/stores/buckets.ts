/**
 * S3 buckets with the functions, queues and topics that they notify, from CloudFormation (NotificationConfiguration)
 * and from the CDK's custom resource.
 */

import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type { AppTargets } from '../messaging/app-targets';
import type { Bucket, BucketCorsRule, BucketNotification, OtherResource } from '../model';
import { functionNameIn } from '../values/function-arn';
import { isObject, type Json, type JsonObject, listAt, objectAt, textAt } from '../values/json';
import { hashUuid } from '../values/physical-names';
import type { Resource } from '../values/resource';

const BUCKET = 'AWS::S3::Bucket';
const CDK_NOTIFICATIONS = 'Custom::S3BucketNotifications';

/** The supported events. A folder only shows that objects were created. */
const TOLD_EVENTS = /^s3:ObjectCreated:(\*|Put|Post|CompleteMultipartUpload)$/;

/** One entry of a bucket's notifications, from either source. */
interface Configuration {
  id?: string | undefined;
  events: string[];
  /** The ARN of a function, a queue or a topic. */
  arn: string;
  rules: Json[];
}

export function readBuckets(
  assembly: Assembly,
  targets: AppTargets,
): { buckets: Bucket[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const { notRun } = attempts;
  const buckets = new Map<string, Bucket>();
  for (const resource of assembly.resources(BUCKET, CDK_NOTIFICATIONS)) {
    attempts.try(resource, () => {
      const bucket = bucketOf(resource, buckets);
      const corsRules = readCorsRules(resource);
      if (corsRules.length > 0) bucket.corsRules = corsRules;
      const configuration = resource.property('NotificationConfiguration');
      if (configuration !== undefined && hasEventBridge(configuration))
        notRun.push({
          type: 'EventBridge notifications',
          path: resource.path,
          reason: 'not run; only notifications to functions, queues and topics are',
        });
      for (const one of configurations(configuration)) {
        attempts.try(resource, () =>
          bucket.notifications.push(readNotification(one, bucket, resource, targets)),
        );
        const others = one.events.filter((event) => !TOLD_EVENTS.test(event));
        if (others.length > 0 && others.length < one.events.length)
          notRun.push({
            type: resource.type,
            path: resource.path,
            reason: `${others.join(', ')} is not notified`,
          });
      }
    });
  }
  return { buckets: [...buckets.values()], notRun };
}

/**
 * The paths of the functions with which the CDK sets notifications on AWS. Reading the notifications replaces them
 * here.
 */
export function notificationHandlers(assembly: Assembly): Set<string> {
  const names = new Set(
    assembly
      .resources(CDK_NOTIFICATIONS)
      .map((resource) => functionNameIn(resource.text('ServiceToken') ?? '')),
  );
  return new Set(
    assembly
      .resources('AWS::Lambda::Function')
      .filter(({ ref }) => names.has(ref))
      .map(({ path }) => path),
  );
}

function readNotification(
  one: Configuration,
  bucket: Bucket,
  resource: Resource,
  targets: AppTargets,
): BucketNotification {
  if (!one.events.some((event) => TOLD_EVENTS.test(event)))
    throw resource.mistake(
      `notifications of ${one.events.join(', ')} are not supported; use s3:ObjectCreated:* or s3:ObjectCreated:Put`,
    );
  const fault = targets.faultOf(one.arn, { service: 's3.amazonaws.com', sourceArn: bucket.bucketArn });
  if (fault) throw resource.mistake(`its notification: ${fault}`);
  if (targets.queue(one.arn)?.isFifo)
    throw resource.mistake(`notifies the FIFO queue ${one.arn}; S3 notifies standard queues only`);
  const id = one.id ?? hashUuid(`${bucket.bucketName}/${bucket.notifications.length}`);
  return { id, targetArn: one.arn, events: one.events, ...filter(one.rules, resource) };
}

function readCorsRules(resource: Resource): BucketCorsRule[] {
  const texts = (rule: Json, name: string) => listAt(rule, name).map(String);
  return listAt(resource.property('CorsConfiguration'), 'CorsRules').map((rule) => {
    const maxAge = isObject(rule) ? rule.MaxAge : undefined;
    return {
      allowedOrigins: texts(rule, 'AllowedOrigins'),
      allowedMethods: texts(rule, 'AllowedMethods'),
      allowedHeaders: texts(rule, 'AllowedHeaders'),
      exposedHeaders: texts(rule, 'ExposedHeaders'),
      ...(maxAge !== undefined && { maxAgeSeconds: Number(maxAge) }),
    };
  });
}

/** A custom resource may also name a bucket outside the app. */
function bucketOf(resource: Resource, buckets: Map<string, Bucket>): Bucket {
  const { stack, path } = resource;
  const bucketName = resource.type === BUCKET ? resource.ref : (resource.text('BucketName') ?? '');
  if (bucketName === '') throw resource.mistake('names no bucket');
  const known = buckets.get(bucketName);
  if (known && resource.type === BUCKET) {
    throw resource.mistake(`is named ${bucketName}, like ${known.path}; bucket names must be unique`);
  }
  const bucket = known ?? {
    ...{ path, bucketName, notifications: [] },
    bucketArn: `arn:${stack.partition}:s3:::${bucketName}`,
  };
  buckets.set(bucketName, bucket);
  return bucket;
}

/** Reads both forms: CloudFormation's, and that of S3's API, which the CDK's custom resource uses. */
function configurations(value: Json | undefined): Configuration[] {
  const kinds: [list: string, target: string][] = [
    ['LambdaConfigurations', 'Function'],
    ['QueueConfigurations', 'Queue'],
    ['TopicConfigurations', 'Topic'],
    ['LambdaFunctionConfigurations', 'LambdaFunctionArn'],
    ['QueueConfigurations', 'QueueArn'],
    ['TopicConfigurations', 'TopicArn'],
  ];
  return kinds.flatMap(([list, target]) =>
    listAt(value, list)
      .filter((one): one is JsonObject => isObject(one) && one[target] !== undefined)
      .map((one) => ({
        id: textAt(one, 'Id'),
        events: textAt(one, 'Event') === undefined ? listAt(one, 'Events').map(String) : [String(one.Event)],
        arn: textAt(one, target) ?? '',
        rules: [
          ...listAt(objectAt(objectAt(one, 'Filter'), 'S3Key'), 'Rules'),
          ...listAt(objectAt(objectAt(one, 'Filter'), 'Key'), 'FilterRules'),
        ],
      })),
  );
}

function hasEventBridge(configuration: Json): boolean {
  if (!isObject(configuration) || configuration.EventBridgeConfiguration === undefined) return false;
  return textAt(configuration.EventBridgeConfiguration, 'EventBridgeEnabled') !== 'false';
}

function filter(rules: Json[], resource: Resource): { prefix: string; suffix: string } {
  const found = { prefix: '', suffix: '' };
  for (const rule of rules) {
    const name = textAt(rule, 'Name')?.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix')
      throw resource.mistake(`filters by ${name}; S3 supports prefix and suffix`);
    found[name] = textAt(rule, 'Value') ?? '';
  }
  return found;
}
