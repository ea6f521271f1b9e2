/** Maps SQS's Query protocol, used by SDKs before 2023, to the JSON protocol. */
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import { queryList } from '../endpoint/query-protocol';
import type { XmlElement } from '../endpoint/xml';

const LISTS: Record<string, string> = {
  AttributeName: 'AttributeNames',
  MessageAttributeName: 'MessageAttributeNames',
  MessageSystemAttributeName: 'MessageSystemAttributeNames',
};

const ENTRIES = [
  'SendMessageBatchRequestEntry',
  'DeleteMessageBatchRequestEntry',
  'ChangeMessageVisibilityBatchRequestEntry',
];

const MAPS: Record<string, string> = {
  MessageAttribute: 'MessageAttributes',
  MessageSystemAttribute: 'MessageSystemAttributes',
};

/** The parameters in the form of the JSON protocol. */
export function fromQuery(input: JsonObject): JsonObject {
  const read: JsonObject = Object.create(null);
  for (const [name, value] of Object.entries(input)) {
    if (LISTS[name] !== undefined) read[LISTS[name]] = queryList(value);
    else if (MAPS[name] !== undefined) read[MAPS[name]] = attributeMap(value);
    else if (ENTRIES.includes(name)) {
      read.Entries = queryList(value).map((entry) => (isObject(entry) ? fromQuery(entry) : entry));
    } else read[name] = value;
  }
  return read;
}

function attributeMap(value: Json): JsonObject {
  const map: JsonObject = Object.create(null);
  for (const entry of queryList(value)) {
    const name = textAt(entry, 'Name');
    if (name !== undefined && isObject(entry)) map[name] = entry.Value ?? {};
  }
  return map;
}

/** A result of the JSON protocol as elements of the Query protocol; `undefined` for results without any. */
export function toQuery(action: string, result: JsonObject): XmlElement | undefined {
  const batch = /^(.+)Batch$/.exec(action)?.[1];
  if (batch !== undefined) {
    return {
      [`${action}ResultEntry`]: list(result.Successful).map(plain),
      BatchResultErrorEntry: list(result.Failed).map(plain),
    };
  }
  switch (action) {
    case 'SendMessage':
    case 'GetQueueUrl':
      return plain(result);
    case 'ReceiveMessage':
      return { Message: list(result.Messages).map(message) };
    case 'GetQueueAttributes':
      return { Attribute: pairs(result.Attributes) };
    case 'ListQueues':
      return { QueueUrl: urls(result.QueueUrls) };
    case 'ListDeadLetterSourceQueues':
      return { QueueUrl: urls(result.queueUrls) };
    default:
      return undefined;
  }
}

function message({ Attributes, MessageAttributes, ...rest }: JsonObject): XmlElement {
  return {
    ...plain(rest),
    Attribute: pairs(Attributes),
    MessageAttribute: Object.entries(isObject(MessageAttributes) ? MessageAttributes : {}).map(
      ([Name, Value]) => ({ Name, Value: plain(isObject(Value) ? Value : {}) }),
    ),
  };
}

function pairs(map: Json | undefined): XmlElement[] {
  return Object.entries(isObject(map) ? map : {}).map(([Name, Value]) => ({ Name, Value: String(Value) }));
}

function plain(members: JsonObject): XmlElement {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]));
}

function list(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : []).filter(isObject);
}

function urls(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).map(String);
}
