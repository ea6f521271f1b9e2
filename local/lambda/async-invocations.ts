/**
 * Lambda's queue of asynchronous events. Each is tried up to three times with the same request id, and then dropped and
 * logged.
 */
import { randomUUID } from 'node:crypto';
import { inWords } from '../assembly/functions/asynchronous-settings';
import type { AsynchronousSettings } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import { type Delivery, DeliveryError, type Destinations } from '../messaging/destinations';
import {
  type Condition,
  deadLetterAttributes,
  destinationRecord,
  type EndedEvent,
} from './destination-record';
import { type FailedInvocation, TOO_MANY_REQUESTS } from './failure';
import type { HostLimits } from './host-limits';
import type { InvocationOutcome } from './invocation';

/**
 * One minute before the second attempt, two before the third.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const RETRY_DELAYS_MILLIS = [60_000, 120_000];
/** A throttled event is retried after one second, then at growing intervals up to five minutes (same source). */
const FIRST_THROTTLE_DELAY_MILLIS = 1_000;
const LONGEST_THROTTLE_DELAY_MILLIS = 5 * 60_000;
/** How long an event is kept, unless the app sets a shorter time (same source). */
const MAX_AGE_SECONDS = 6 * 60 * 60;

export interface AsyncEvent {
  functionName: string;
  requestId: string;
  payload: string;
  subject?: string;
  /** JSON text. Only for synchronous invocations. */
  clientContext?: string;
  /** 1 for the first attempt. */
  attempt: number;
}

interface Kept extends AsyncEvent {
  acceptedAt: number;
  throttledTimes: number;
}

export interface AsyncInvocationsOptions {
  clock: Clock;
  limits: Pick<HostLimits, 'asynchronousEvents' | 'asynchronousPayloadCharacters'>;
  run(event: AsyncEvent): Promise<InvocationOutcome>;
  /** The app's settings for a function's asynchronous events, if any. */
  settingsOf?(functionName: string): AsynchronousSettings | undefined;
  notice(functionName: string, text: string): void;
  /** Receives the records of finished events for which the app configures destinations. @default dropped and logged */
  destinations?: Destinations;
  functionArn(functionName: string): string;
}

export class AsyncInvocations {
  readonly #options: AsyncInvocationsOptions;
  readonly #postponed = new Map<Kept, Alarm>();
  /** Accepted events that have not finished. */
  readonly #kept = { count: 0, characters: 0 };
  #isFull = false;
  #closed = false;

  constructor(options: AsyncInvocationsOptions) {
    this.#options = options;
  }

  /** Accepts an event and returns its request id, or undefined if there is no room for it. */
  accept(functionName: string, payload: string): string | undefined {
    const { clock } = this.#options;
    if (!this.#hasRoomFor(payload)) {
      this.#refused(functionName);
      return undefined;
    }
    this.#kept.count += 1;
    this.#kept.characters += payload.length;
    const requestId = randomUUID();
    const event = {
      functionName,
      requestId,
      payload,
      attempt: 1,
      acceptedAt: clock.now(),
      throttledTimes: 0,
    };
    void this.#attempt(event);
    return requestId;
  }

  #hasRoomFor(payload: string): boolean {
    const { asynchronousEvents, asynchronousPayloadCharacters } = this.#options.limits;
    const { count, characters } = this.#kept;
    return count < asynchronousEvents && characters + payload.length <= asynchronousPayloadCharacters;
  }

  /** Logs only the first refusal until there is room again. */
  #refused(functionName: string): void {
    if (this.#isFull) return;
    this.#isFull = true;
    const { count, characters } = this.#kept;
    const megabytes = Math.round(characters / 1024 / 1024);
    this.#options.notice(
      functionName,
      `${count} events of ${megabytes} MB are already waiting; more are refused (${TOO_MANY_REQUESTS}) until some have finished`,
    );
  }

  #ended({ payload }: Kept): void {
    this.#kept.count -= 1;
    this.#kept.characters -= payload.length;
    this.#isFull = false;
  }

  /** Drops events that wait for another attempt. */
  close(): void {
    this.#closed = true;
    for (const [event, alarm] of this.#postponed) {
      alarm.cancel();
      this.#drop(event, 'the runtime stops');
    }
    this.#postponed.clear();
  }

  async #attempt(event: Kept): Promise<void> {
    const outcome = await this.#options.run(event);
    if (outcome.kind === 'success') {
      this.#ended(event);
      const { onSuccessArn } = this.#settingsOf(event) ?? {};
      if (onSuccessArn !== undefined) this.#record(event, 'Success', outcome, onSuccessArn);
      return;
    }
    if (outcome.errorType === 'ResourceNotFoundException') {
      this.#drop(event, outcome.errorMessage);
      return;
    }
    if (outcome.errorType === TOO_MANY_REQUESTS) {
      const delay = FIRST_THROTTLE_DELAY_MILLIS * 2 ** event.throttledTimes;
      event.throttledTimes += 1;
      this.#tryLater(event, Math.min(delay, LONGEST_THROTTLE_DELAY_MILLIS), outcome);
      return;
    }
    const { retryAttempts = RETRY_DELAYS_MILLIS.length } = this.#settingsOf(event) ?? {};
    const delay = RETRY_DELAYS_MILLIS[event.attempt - 1];
    if (delay === undefined || event.attempt > retryAttempts) {
      const failed =
        event.attempt === 1 ? 'its only attempt failed' : `${event.attempt} attempts failed, the last`;
      this.#giveUp(event, `${failed} with ${outcome.errorType}`, 'RetriesExhausted', outcome);
      return;
    }
    event.attempt += 1;
    this.#tryLater(event, delay, outcome);
  }

  #tryLater(event: Kept, delayMillis: number, outcome: FailedInvocation): void {
    const { clock, notice } = this.#options;
    if (this.#closed) {
      this.#drop(event, 'the runtime stops');
      return;
    }
    const { maxEventAgeSeconds = MAX_AGE_SECONDS } = this.#settingsOf(event) ?? {};
    if (clock.now() + delayMillis - event.acceptedAt > maxEventAgeSeconds * 1000) {
      this.#giveUp(event, `it is ${ageText(maxEventAgeSeconds)} old`, 'EventAgeExceeded', outcome);
      return;
    }
    notice(
      event.functionName,
      `event ${event.requestId} failed (${outcome.errorType}); it is retried in ${delayMillis / 1000} s`,
    );
    const alarm = clock.after(delayMillis, () => {
      this.#postponed.delete(event);
      void this.#attempt(event);
    });
    this.#postponed.set(event, alarm);
  }

  /** Sends an event that failed permanently to the destination or the dead-letter queue that the app configures. */
  #giveUp(event: Kept, why: string, condition: Condition, outcome: FailedInvocation): void {
    const { onFailureArn, deadLetterArn } = this.#settingsOf(event) ?? {};
    const places = [onFailureArn, deadLetterArn].filter((arn) => arn !== undefined);
    const isThere =
      (onFailureArn === undefined || this.#record(event, condition, outcome, onFailureArn)) &&
      (deadLetterArn === undefined || this.#bury(event, condition, outcome, deadLetterArn));
    const where = `${isThere ? 'It' : 'On AWS it'} goes to ${places.map(inWords).join(' and ')}`;
    this.#drop(event, places.length === 0 ? why : `${why}. ${where}`);
  }

  #record(event: Kept, condition: Condition, outcome: InvocationOutcome, arn: string): boolean {
    const { clock, functionArn } = this.#options;
    const context = { arn, functionArn: functionArn(event.functionName), now: clock.now(), id: randomUUID() };
    return this.#send(arn, event, {
      body: destinationRecord(endedEvent(event, condition, outcome), context),
    });
  }

  #bury(event: Kept, condition: Condition, outcome: InvocationOutcome, arn: string): boolean {
    const attributes = deadLetterAttributes(endedEvent(event, condition, outcome));
    return this.#send(arn, event, { body: event.payload, attributes });
  }

  /** `false` if the target refuses the delivery. */
  #send(arn: string, { functionName, requestId }: Kept, delivery: Delivery): boolean {
    const { destinations, notice } = this.#options;
    try {
      destinations?.deliver(arn, delivery);
      return destinations !== undefined;
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      notice(functionName, `event ${requestId} was refused by ${inWords(arn)}: ${error.message}`);
      return false;
    }
  }

  #settingsOf({ functionName }: Kept): AsynchronousSettings | undefined {
    return this.#options.settingsOf?.(functionName);
  }

  #drop(event: Kept, why: string): void {
    const { functionName, requestId } = event;
    this.#ended(event);
    this.#options.notice(functionName, `event ${requestId} was dropped: ${why}`);
  }
}

function ageText(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} hours` : `${seconds} s`;
}

function endedEvent(
  { requestId, payload, attempt }: Kept,
  condition: Condition,
  outcome: InvocationOutcome,
): EndedEvent {
  return { requestId, payload, invokeCount: attempt, condition, outcome };
}
