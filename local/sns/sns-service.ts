/** SNS over HTTP, in the Query protocol: publishing, and looking up topics and subscriptions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Subscription, Topic } from '../assembly/model';
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import { answerQuery, answerQueryError, queryList, readQuery } from '../endpoint/query-protocol';
import type { RequestHandler } from '../endpoint/request-router';
import type { XmlElement } from '../endpoint/xml';
import { readBody } from '../gateway/request-body';
import { type MessageAttributes, messageBytes } from '../sqs/message';
import { MAX_MESSAGE_BYTES, type PublishedMessage } from './published-message';
import { invalidParameter, SnsError } from './sns-error';
import type { Publication, Topics } from './topics';

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
/** A message of 256 KB, with every byte escaped. */
const MAX_REQUEST_BYTES = 2 * 1024 * 1024;
const MAX_BATCH_ENTRIES = 10;

type Operation = (input: JsonObject, topics: Topics, accountId: string) => XmlElement | undefined;

const OPERATIONS: Record<string, Operation> = {
  Publish: (input, topics) => ({ ...publish(topicArnIn(input), input, topics) }),
  PublishBatch: publishBatch,
  ListTopics: (_, topics) => ({
    Topics: { member: topics.all().map(({ topicArn }) => ({ TopicArn: topicArn })) },
  }),
  GetTopicAttributes: (input, topics, accountId) => ({
    Attributes: entries(topicAttributes(topicIn(input, topics), accountId)),
  }),
  ListSubscriptions: (_, topics, accountId) => ({
    Subscriptions: {
      member: topics.all().flatMap((topic) => subscriptionElements(topic, accountId)),
    },
  }),
  ListSubscriptionsByTopic: (input, topics, accountId) => ({
    Subscriptions: { member: subscriptionElements(topicIn(input, topics), accountId) },
  }),
  GetSubscriptionAttributes: (input, topics, accountId) => {
    const wanted = textAt(input, 'SubscriptionArn');
    for (const topic of topics.all()) {
      const found = topic.subscriptions.find(({ subscriptionArn }) => subscriptionArn === wanted);
      if (found) return { Attributes: entries(subscriptionAttributes(found, topic, accountId)) };
    }
    throw new SnsError('NotFound', 'Subscription does not exist', 404);
  },
};

export interface SnsServiceOptions {
  topics: Topics;
  accountId: string;
}

export class SnsService implements RequestHandler {
  constructor(private readonly options: SnsServiceOptions) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === undefined) return;
    const { topics, accountId } = this.options;
    try {
      if (body === 'tooLarge') throw new SnsError('RequestEntityTooLarge', 'The request is too large.', 413);
      const query = readQuery(request.url ?? '', body);
      if (!query) throw new SnsError('MissingAction', 'The request has no Action.');
      const { action, input } = query;
      const operation = Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action] : undefined;
      if (!operation) throw notRun(action);
      answerQuery(response, action, operation(input, topics, accountId), NAMESPACE);
    } catch (error) {
      if (!(error instanceof SnsError)) throw error;
      answerQueryError(response, error.status, error.code, error.message, NAMESPACE);
    }
  }
}

function publish(
  topicArn: string,
  input: JsonObject,
  topics: Topics,
): { MessageId: string; SequenceNumber?: string } {
  const { messageId, sequenceNumber } = published(topicArn, messageIn(input), topics);
  return {
    MessageId: messageId,
    ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
  };
}

function published(topicArn: string, message: PublishedMessage, topics: Topics): Publication {
  const publication = topics.publish(topicArn, message);
  if (!publication) throw new SnsError('NotFound', 'Topic does not exist', 404);
  return publication;
}

function messageIn(input: JsonObject): PublishedMessage {
  const [subject, structure, groupId, deduplicationId] = [
    'Subject',
    'MessageStructure',
    'MessageGroupId',
    'MessageDeduplicationId',
  ].map((name) => textAt(input, name));
  return {
    message: textAt(input, 'Message') ?? '',
    attributes: attributesIn(input.MessageAttributes),
    ...(subject === undefined ? {} : { subject }),
    ...(structure === undefined ? {} : { structure }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  };
}

/** `MessageAttributes.entry.1.Name`, `….Value.DataType` … */
function attributesIn(value: Json | undefined): MessageAttributes {
  const attributes: MessageAttributes = Object.create(null);
  for (const entry of queryList(isObject(value) ? value.entry : undefined)) {
    const given = isObject(entry) ? entry.Value : undefined;
    const [StringValue, BinaryValue] = [textAt(given, 'StringValue'), textAt(given, 'BinaryValue')];
    attributes[textAt(entry, 'Name') ?? ''] = {
      DataType: textAt(given, 'DataType') ?? '',
      ...(StringValue === undefined ? {} : { StringValue }),
      ...(BinaryValue === undefined ? {} : { BinaryValue }),
    };
  }
  return attributes;
}

function publishBatch(input: JsonObject, topics: Topics): XmlElement {
  const topicArn = topicIn(input, topics).topicArn;
  const batch = queryList(input.PublishBatchRequestEntries).filter(isObject);
  checkBatch(batch);
  const Successful: XmlElement[] = [];
  const Failed: XmlElement[] = [];
  for (const entry of batch) {
    const Id = textAt(entry, 'Id') ?? '';
    try {
      Successful.push({ Id, ...publish(topicArn, entry, topics) });
    } catch (error) {
      if (!(error instanceof SnsError)) throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful: { member: Successful }, Failed: { member: Failed } };
}

function checkBatch(batch: JsonObject[]): void {
  if (batch.length === 0)
    throw new SnsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  if (batch.length > MAX_BATCH_ENTRIES) {
    throw new SnsError(
      'TooManyEntriesInBatchRequest',
      'The batch request contains more entries than permissible.',
    );
  }
  const ids = batch.map((entry) => textAt(entry, 'Id') ?? '');
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw new SnsError(
      'InvalidBatchEntryId',
      "The Id of a batch entry in a batch request doesn't abide by the specification.",
    );
  }
  if (new Set(ids).size < ids.length) {
    throw new SnsError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  const messages = batch.map(messageIn);
  const bytes = messages.reduce((sum, { message, attributes }) => sum + messageBytes(message, attributes), 0);
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new SnsError(
      'BatchRequestTooLong',
      'The length of all the batch messages put together is more than the limit.',
    );
  }
}

function topicArnIn(input: JsonObject): string {
  if (input.PhoneNumber !== undefined) {
    throw new SnsError('UnsupportedOperation', 'The runtime does not send text messages to phones.', 501);
  }
  const arn = textAt(input, 'TopicArn') ?? textAt(input, 'TargetArn');
  if (arn === undefined)
    throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter');
  return arn;
}

function topicIn(input: JsonObject, topics: Topics): Topic {
  const topic = topics.find(topicArnIn(input));
  if (!topic) throw new SnsError('NotFound', 'Topic does not exist', 404);
  return topic;
}

function topicAttributes(topic: Topic, accountId: string): Record<string, string> {
  return {
    TopicArn: topic.topicArn,
    Owner: accountId,
    DisplayName: topic.displayName,
    SubscriptionsConfirmed: String(topic.subscriptions.length),
    SubscriptionsPending: '0',
    SubscriptionsDeleted: '0',
    ...(topic.isFifo
      ? { FifoTopic: 'true', ContentBasedDeduplication: String(topic.contentBasedDeduplication) }
      : {}),
  };
}

function subscriptionAttributes(
  subscription: Subscription,
  { topicArn }: Topic,
  accountId: string,
): Record<string, string> {
  const { subscriptionArn, protocol, endpoint, isRaw, filterPolicy, filterPolicyScope } = subscription;
  return {
    SubscriptionArn: subscriptionArn,
    TopicArn: topicArn,
    Owner: accountId,
    Protocol: protocol,
    Endpoint: endpoint,
    RawMessageDelivery: String(isRaw),
    PendingConfirmation: 'false',
    ConfirmationWasAuthenticated: 'true',
    ...(filterPolicy && { FilterPolicy: JSON.stringify(filterPolicy), FilterPolicyScope: filterPolicyScope }),
  };
}

function subscriptionElements({ topicArn, subscriptions }: Topic, accountId: string): XmlElement[] {
  return subscriptions.map(({ subscriptionArn, protocol, endpoint }) => ({
    TopicArn: topicArn,
    Protocol: protocol,
    SubscriptionArn: subscriptionArn,
    Owner: accountId,
    Endpoint: endpoint,
  }));
}

function entries(map: Record<string, string>): XmlElement {
  return { entry: Object.entries(map).map(([key, value]) => ({ key, value })) };
}

function notRun(action: string): SnsError {
  const known = Object.keys(OPERATIONS).join(', ');
  return new SnsError(
    'UnsupportedOperation',
    `The runtime supports ${known} of SNS, but not ${JSON.stringify(action)}. Topics and subscriptions come from the app's template.`,
    501,
  );
}
