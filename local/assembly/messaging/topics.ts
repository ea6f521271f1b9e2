/** The app's SNS topics, with the subscriptions that are run: functions and queues. */
import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type { OtherResource, Subscription, Topic } from '../model';
import { isObject, type Json, type JsonObject, listAt, textAt } from '../values/json';
import { objectFrom } from '../values/json-text';
import { hashUuid } from '../values/physical-names';
import type { Resource } from '../values/resource';
import type { AppTargets } from './app-targets';
import { isFunction } from './app-targets';
import { checkedPattern } from './checked-pattern';

export function readTopics(
  assembly: Assembly,
  targets: AppTargets,
): { topics: Topic[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const topics = new Map<string, Topic>();
  for (const resource of assembly.resources('AWS::SNS::Topic')) {
    attempts.try(resource, () => {
      const topic = readTopic(resource);
      topics.set(topic.topicArn, topic);
      for (const [index, one] of listAt(
        { list: resource.property('Subscription') ?? [] },
        'list',
      ).entries()) {
        attempts.try(resource, () => {
          const arn = `${topic.topicArn}:${hashUuid(`${topic.topicArn}/${index}`)}`;
          topic.subscriptions.push(readSubscription(isObject(one) ? one : {}, resource, topic, arn, targets));
        });
      }
    });
  }
  for (const resource of assembly.resources('AWS::SNS::Subscription')) {
    attempts.try(resource, () => {
      const topicArn = resource.text('TopicArn') ?? '';
      const topic = topics.get(topicArn);
      if (!topic) throw resource.mistake(`its topic ${topicArn} is not part of this app`);
      const arn = resource.ref;
      topic.subscriptions.push(readSubscription(resolved(resource), resource, topic, arn, targets));
    });
  }
  return { topics: [...topics.values()], notRun: attempts.notRun };
}

function readTopic(resource: Resource): Topic {
  const topicName = String(resource.stack.attribute(resource.logicalId, 'TopicName', 'Resources'));
  const isFifo = resource.flag('FifoTopic');
  if (isFifo !== topicName.endsWith('.fifo')) {
    throw resource.mistake(
      `its name is ${topicName}; it must end with .fifo if, and only if, it is a FIFO topic`,
    );
  }
  return {
    path: resource.path,
    topicName,
    topicArn: resource.ref,
    displayName: resource.text('DisplayName') ?? '',
    isFifo,
    contentBasedDeduplication: resource.flag('ContentBasedDeduplication'),
    subscriptions: [],
  };
}

function readSubscription(
  given: JsonObject,
  resource: Resource,
  topic: Topic,
  subscriptionArn: string,
  targets: AppTargets,
): Subscription {
  const protocol = textAt(given, 'Protocol') ?? '';
  const endpoint = textAt(given, 'Endpoint') ?? '';
  if (protocol !== 'lambda' && protocol !== 'sqs') {
    throw resource.mistake(
      `${protocol} subscriptions are not run; subscriptions of functions and queues are`,
    );
  }
  if (isFunction(endpoint) !== (protocol === 'lambda')) {
    throw resource.mistake(`its endpoint ${endpoint} does not fit the protocol ${protocol}`);
  }
  const fault = targets.faultOf(endpoint, { service: 'sns.amazonaws.com', sourceArn: topic.topicArn });
  if (fault) throw resource.mistake(fault);
  if (topic.isFifo && protocol === 'lambda') {
    throw resource.mistake('SNS does not allow functions as subscribers of a FIFO topic; subscribe a queue');
  }
  if (!topic.isFifo && targets.queue(endpoint)?.isFifo) {
    throw resource.mistake('SNS does not allow FIFO queues as subscribers of a standard topic');
  }
  const scope = textAt(given, 'FilterPolicyScope') ?? 'MessageAttributes';
  const filterPolicy = filterPolicyOf(given.FilterPolicy, resource);
  const deadLetterArn = textAt(objectFrom(given.RedrivePolicy), 'deadLetterTargetArn');
  return {
    path: resource.path,
    ...{ subscriptionArn, protocol, endpoint },
    isRaw: String(given.RawMessageDelivery ?? false) === 'true',
    ...(filterPolicy && { filterPolicy }),
    filterPolicyScope: scope === 'MessageBody' ? 'MessageBody' : 'MessageAttributes',
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
}

function filterPolicyOf(given: Json | undefined, resource: Resource): JsonObject | undefined {
  if (given === undefined) return undefined;
  const policy = objectFrom(given);
  if (!policy)
    throw resource.mistake(`its FilterPolicy is not a JSON object: ${JSON.stringify(given).slice(0, 80)}`);
  if (Object.keys(policy).length === 0) return undefined;
  return checkedPattern(policy, resource, 'SNS refuses its FilterPolicy');
}

function resolved(resource: Resource): JsonObject {
  const entries = Object.keys(resource.properties).map((name) => [name, resource.property(name)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
