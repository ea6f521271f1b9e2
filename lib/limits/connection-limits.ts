/** How much one connection's client may ask for: a server class sets its own with `static limits`. */
import { InvalidValueError } from '../errors';

export interface ConnectionLimits {
  /** Messages of one connection that are taken in the long run. `Number.POSITIVE_INFINITY` takes all of them. @default 100 */
  messagesPerSecond?: number;
  /** Messages that may come at once, before `messagesPerSecond` counts. @default 500 */
  burst?: number;
  /**
   * What follows when a client sends more: `error` drops the messages and tells the client (`onMessagesRefused`); `close` tells it
   * and closes the connection. @default 'error'
   */
  excess?: 'error' | 'close';
  /**
   * Where messages are counted. Lambda may run those of one client in several environments: `environment` counts in the memory of each
   * and costs nothing; `table` counts for all of them, and costs a write for each message. @default 'environment'
   */
  counted?: 'environment' | 'table';
  /** Channels that the class's own hooks may put one connection into. @default 100 */
  channels?: number;
}

/** Generous: a person types a line in seconds, and API Gateway's own throttle of a whole stage is 500 a second by default. */
const DEFAULT_LIMITS: Required<ConnectionLimits> = {
  messagesPerSecond: 100,
  burst: 500,
  excess: 'error',
  counted: 'environment',
  channels: 100,
};

/** The limits of a server class, with the defaults for those that it leaves out. @throws InvalidValueError for one out of range */
export function limitsOf(ServerClass: {
  name: string;
  limits?: ConnectionLimits;
}): Required<ConnectionLimits> {
  const limits = { ...DEFAULT_LIMITS, ...ServerClass.limits };
  const invalid = (name: keyof ConnectionLimits, rule: string) =>
    new InvalidValueError(
      `limits.${name} of ${ServerClass.name} is ${String(limits[name])}, but must be ${rule}.`,
    );
  if (!(limits.messagesPerSecond > 0)) {
    throw invalid('messagesPerSecond', 'a number above 0, or Number.POSITIVE_INFINITY');
  }
  if (!(limits.burst >= 1)) throw invalid('burst', 'a number of 1 or more');
  if (!(limits.channels >= 0)) throw invalid('channels', 'a number of 0 or more');
  if (limits.excess !== 'error' && limits.excess !== 'close') throw invalid('excess', '"error" or "close"');
  if (limits.counted !== 'environment' && limits.counted !== 'table') {
    throw invalid('counted', '"environment" or "table"');
  }
  return limits;
}
