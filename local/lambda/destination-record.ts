/**
 * What Lambda sends to a destination of asynchronous events. @see
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
import { serviceOf } from '../messaging/destinations';
import type { MessageAttributes } from '../sqs/message';
import type { InvocationOutcome } from './invocation';

export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

export interface EndedEvent {
  requestId: string;
  payload: string;
  /** How often the function has run with this event. */
  invokeCount: number;
  condition: Condition;
  /** The outcome of the last attempt. */
  outcome: InvocationOutcome;
}

/** The record, in the form of an event if it goes to an event bus. */
export function destinationRecord(
  { requestId, payload, invokeCount, condition, outcome }: EndedEvent,
  { arn, functionArn, now, id }: { arn: string; functionArn: string; now: number; id: string },
): string {
  const time = new Date(now).toISOString();
  const record = {
    version: '1.0',
    timestamp: time,
    requestContext: {
      requestId,
      functionArn: `${functionArn}:$LATEST`,
      condition,
      approximateInvokeCount: invokeCount,
    },
    requestPayload: parsed(payload),
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(outcome.kind === 'failure' && { functionError: 'Unhandled' }),
    },
    responsePayload: parsed(outcome.payload),
  };
  if (serviceOf(arn) !== 'events') return JSON.stringify(record);
  const [, , , region, account] = functionArn.split(':');
  return JSON.stringify({
    version: '0',
    id,
    'detail-type': `Lambda Function Invocation Result - ${condition === 'Success' ? 'Success' : 'Failure'}`,
    source: 'lambda',
    account,
    time: `${time.slice(0, 19)}Z`,
    region,
    resources: [arn, `${functionArn}:$LATEST`],
    detail: record,
  });
}

/** The attributes of the event in a dead-letter queue or topic. They describe the failure. */
export function deadLetterAttributes({ requestId, outcome }: EndedEvent): MessageAttributes {
  const message = outcome.kind === 'failure' ? outcome.errorMessage : '';
  return {
    RequestID: { DataType: 'String', StringValue: requestId },
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    // An attribute needs a value, and Lambda truncates this one after 1 KB.
    ErrorMessage: { DataType: 'String', StringValue: message.slice(0, 1024) || 'null' },
  };
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload === '' ? '{}' : payload);
  } catch {
    return payload;
  }
}
