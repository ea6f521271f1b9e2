/** Delivers to any ARN: a function, a queue, a topic or an event bus of the app. */
import { functionNameIn } from '../assembly/values/function-arn';
import type { MessageAttributes } from '../sqs/message';

export interface Delivery {
  /** JSON text. Queues and topics accept any text. */
  body: string;
  /** For queues and topics. */
  attributes?: MessageAttributes;
  /** For FIFO queues and topics. */
  groupId?: string;
  deduplicationId?: string;
  /** For event buses: the event comes from another bus, and is not forwarded to a third one. */
  isForwarded?: boolean;
}

/** Why a target refused a delivery, with AWS's error code for rules. Retries would not help. */
export class DeliveryError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface DestinationParts {
  hasFunction(functionName: string): boolean;
  invokeAsync(functionName: string, payload: string): void;
  /** `false` if the app has no such queue, topic or bus. Throws if it refuses the message. */
  sendToQueue(arn: string, delivery: Delivery): boolean;
  publish(arn: string, delivery: Delivery): boolean;
  putEvent(busArn: string, delivery: Delivery): boolean;
}

/** Delivers to the app's functions, queues, topics and event buses. */
export interface Destinations {
  /** @throws {DeliveryError} if there is no such target, or it refuses the message */
  deliver(arn: string, delivery: Delivery): void;
}

export class AppDestinations implements Destinations {
  constructor(private readonly parts: DestinationParts) {}

  deliver(arn: string, delivery: Delivery): void {
    let isThere: boolean;
    try {
      isThere = this.#hand(arn, delivery);
    } catch (error) {
      throw new DeliveryError('INVALID_PARAMETER', error instanceof Error ? error.message : String(error));
    }
    if (!isThere) throw new DeliveryError('RESOURCE_NOT_FOUND', `The target ${arn} does not exist.`);
  }

  #hand(arn: string, delivery: Delivery): boolean {
    const { hasFunction, invokeAsync, sendToQueue, publish, putEvent } = this.parts;
    switch (serviceOf(arn)) {
      case 'lambda': {
        const functionName = functionNameIn(arn);
        if (!hasFunction(functionName)) return false;
        invokeAsync(functionName, delivery.body);
        return true;
      }
      case 'sqs':
        return sendToQueue(arn, delivery);
      case 'sns':
        return publish(arn, delivery);
      case 'events':
        return putEvent(arn, delivery);
      default:
        return false;
    }
  }
}

/** `sqs` of `arn:aws:sqs:us-east-1:123456789012:name`. */
export function serviceOf(arn: string): string | undefined {
  return /^arn:[^:]+:([^:]+):/.exec(arn)?.[1];
}

/**
 * Delivers to the target, or else to the dead-letter queue. Returns `undefined` if one of them accepted, or else the
 * reason.
 * @param letter creates the dead letter from the failure
 */
export function deliverOrBury(
  destinations: Destinations,
  arn: string,
  delivery: () => Delivery,
  deadLetterArn: string | undefined,
  letter: (error: DeliveryError) => Delivery,
): DeliveryError | undefined {
  try {
    destinations.deliver(arn, delivery());
    return undefined;
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    if (deadLetterArn === undefined) return error;
    return deliverOrBury(destinations, deadLetterArn, () => letter(error), undefined, letter);
  }
}
