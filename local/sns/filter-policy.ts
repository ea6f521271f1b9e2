/** A subscription's filter policy, for the attributes or the body of messages. */

import type { Subscription } from '../assembly/model';
import type { Json, JsonObject } from '../assembly/values/json';
import { EventPattern } from '../event-patterns/event-pattern';
import type { MessageAttributes } from '../sqs/message';

export type Filter = (text: string, attributes: MessageAttributes) => boolean;

/** @throws {PatternError} if SNS would refuse the policy */
export function filterOf({ filterPolicy, filterPolicyScope }: Subscription): Filter {
  if (!filterPolicy || Object.keys(filterPolicy).length === 0) return () => true;
  const pattern = new EventPattern(filterPolicy);
  if (filterPolicyScope === 'MessageAttributes')
    return (_, attributes) => pattern.matches(values(attributes));
  return (text) => {
    const body = parsed(text);
    return body !== undefined && pattern.matches(body);
  };
}

function values(attributes: MessageAttributes): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes)
      .map(([name, { DataType, StringValue }]) => [name, attributeValue(DataType, StringValue)] as const)
      .filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

/** Binary attributes are ignored. */
function attributeValue(dataType: string, text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  if (dataType === 'String.Array') return parsed(text);
  return dataType.startsWith('Number') ? Number(text) : text;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
