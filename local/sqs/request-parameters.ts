/** Reads the parameters of a request to SQS. In the Query protocol, numbers are text. */
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import type { MessageAttribute, MessageAttributes, NewMessage } from './message';
import { invalidParameter, missingParameter } from './sqs-error';

export function requiredText(input: JsonObject, name: string): string {
  const value = textAt(input, name);
  if (value === undefined || value === '') throw missingParameter(name);
  return value;
}

export function integer(input: JsonObject, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw invalidParameter(
      `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: Must be an integer.`,
    );
  }
  return number;
}

export function texts(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).filter((one): one is string => typeof one === 'string');
}

export function newMessage(input: JsonObject): NewMessage {
  const delaySeconds = integer(input, 'DelaySeconds');
  const groupId = textAt(input, 'MessageGroupId');
  const deduplicationId = textAt(input, 'MessageDeduplicationId');
  const traceHeader = traceHeaderIn(attributesIn(input, 'MessageSystemAttributes'));
  return {
    body: requiredText(input, 'MessageBody'),
    attributes: attributesIn(input, 'MessageAttributes'),
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}

function traceHeaderIn(system: MessageAttributes): string | undefined {
  const foreign = Object.keys(system).find((name) => name !== 'AWSTraceHeader');
  if (foreign !== undefined) {
    throw invalidParameter(
      `Message system attribute name '${foreign}' is invalid. Only AWSTraceHeader is allowed.`,
    );
  }
  return system.AWSTraceHeader?.StringValue;
}

export function attributesIn(input: JsonObject, member: string): MessageAttributes {
  const given = input[member];
  if (given === undefined || given === null) return {};
  if (!isObject(given)) throw invalidParameter(`${member} must be a map of names to values.`);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attribute(value)]));
}

function attribute(value: Json): MessageAttribute {
  const StringValue = textAt(value, 'StringValue');
  const BinaryValue = textAt(value, 'BinaryValue');
  return {
    DataType: textAt(value, 'DataType') ?? '',
    ...(StringValue === undefined ? {} : { StringValue }),
    ...(BinaryValue === undefined ? {} : { BinaryValue }),
  };
}
