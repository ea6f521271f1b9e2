/** How much one connection's client may send. A server class sets its own limits with `static limits`. */
import { InvalidValueError } from '../errors';

export interface ConnectionLimits {
  /**
   * Messages a second that are accepted from one connection in the long run. `Number.POSITIVE_INFINITY` accepts all.
   * @default 100
   */
  messagesPerSecond?: number;
  /** Messages that may arrive at once before `messagesPerSecond` applies. @default 500 */
  burst?: number;
  /**
   * What happens when a client sends more: `error` drops the messages and reports them (`onMessagesRefused`); `close`
   * also closes the connection. @default 'error'
   */
  excess?: 'error' | 'close';
  /**
   * Where messages are counted. Lambda may run one client's messages in several environments. `environment` counts in
   * the memory of each, at no cost. `table` counts across all of them, with one write for each message. @default
   * 'environment'
   */
  counted?: 'environment' | 'table';
  /** Channels that the class's own hooks may subscribe one connection to. @default 100 */
  channels?: number;
  /** Limits for all connections of one user together. A connection without a user does not count. @default no limit */
  perUser?: UserLimits;
}

/** Limits of one user, over all connections. */
export interface UserLimits {
  /**
   * Connections at a time. Counts users whom an authorizer, a JWT or `onPreServer` has identified. Another handshake is refused with
   * status 429. Costs one write and one read for each handshake, and one write for each end. @default Number.POSITIVE_INFINITY
   */
  connections?: number;
  /** Messages a second in the long run, counted where `counted` says. @default Number.POSITIVE_INFINITY */
  messagesPerSecond?: number;
  /** Messages that may arrive at once before `messagesPerSecond` applies. @default the burst of one connection */
  burst?: number;
}

/** Every limit with its value. */
export interface Limits extends Required<Omit<ConnectionLimits, 'perUser'>> {
  perUser: Required<UserLimits>;
}

/** Generous: a person types a line in seconds, and API Gateway throttles a whole stage at 500 a second by default. */
const DEFAULT_LIMITS: Omit<Limits, 'perUser'> = {
  messagesPerSecond: 100,
  burst: 500,
  excess: 'error',
  counted: 'environment',
  channels: 100,
};

/** The limits of a server class, with defaults for missing ones. @throws InvalidValueError for one out of range */
export function limitsOf(ServerClass: { name: string; limits?: ConnectionLimits }): Limits {
  const given = { ...DEFAULT_LIMITS, ...ServerClass.limits };
  const { connections, messagesPerSecond, burst } = { ...ServerClass.limits?.perUser };
  const limits = {
    ...given,
    perUser: {
      connections: connections ?? Number.POSITIVE_INFINITY,
      messagesPerSecond: messagesPerSecond ?? Number.POSITIVE_INFINITY,
      burst: burst ?? given.burst,
    },
  };
  const invalid = (name: string, rule: string, value: unknown = limits[name as keyof Limits]) =>
    new InvalidValueError(
      `limits.${name} of ${ServerClass.name} is ${String(value)}, but it must be ${rule}.`,
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
  const { perUser } = limits;
  if (!(perUser.connections >= 1)) {
    throw invalid('perUser.connections', 'a number of 1 or more', perUser.connections);
  }
  if (!(perUser.messagesPerSecond > 0)) {
    throw invalid('perUser.messagesPerSecond', 'a number above 0', perUser.messagesPerSecond);
  }
  if (!(perUser.burst >= 1)) throw invalid('perUser.burst', 'a number of 1 or more', perUser.burst);
  return limits;
}
