/** The faults that users can inject: `--fault lost-disconnect=0.5`. */
import { UserError } from '../user-error';

/** Whether a fault's value is the share of affected cases or a time in seconds. */
export const FAULT_VALUES = {
  /** The `$disconnect` event is never delivered. API Gateway delivers it on a best-effort basis. */
  'lost-disconnect': 'SHARE',
  /** The `$disconnect` event is delivered this much later. */
  'late-disconnect': 'SECONDS',
  /** Some time after opening, a connection goes silent in both directions, but posts still get 200. */
  'half-open': 'SHARE',
  /** DynamoDB does what was requested, but the connection is reset before the response. */
  'answer-lost': 'SHARE',
  /** A post gets 429. */
  throttled: 'SHARE',
  /** A post is neither delivered nor answered. */
  'post-hangs': 'SHARE',
  /** A post gets 500 and is not delivered. */
  'post-fails': 'SHARE',
  /**
   * A function's environment ends before the handler runs, or after it has returned but before its response is sent.
   */
  'function-crash': 'SHARE',
  /** A function hangs before its handler runs, until it times out. */
  'function-freeze': 'SHARE',
  /** An invocation gets a new environment although others are idle. */
  'function-cold': 'SHARE',
  /** An invocation is throttled, as if the account's concurrency were used up. */
  'function-throttled': 'SHARE',
  /** DynamoDB throttles an operation on items, with one of its two errors. */
  'table-throttled': 'SHARE',
} as const;

export type FaultName = keyof typeof FAULT_VALUES;

/** Shares from 0 to 1, seconds up to a day. A missing fault does not occur. */
export type FaultSettings = Partial<Record<FaultName, number>>;

const LARGEST = { SHARE: 1, SECONDS: 86_400 };
const RULE = { SHARE: 'a share from 0 to 1, such as 0.1', SECONDS: 'seconds from 0 to 86400, such as 5' };

/** @throws {UserError} for an unknown name, an invalid value, or a fault that appears twice */
export function readFaults(texts: string[]): FaultSettings {
  const settings: FaultSettings = {};
  for (const text of texts) {
    const [name = '', value = ''] = text.split(/=(.*)/s);
    try {
      const read = readFault(name, value);
      if (settings[read.name] !== undefined) throw new UserError(`${name} is given twice`);
      settings[read.name] = read.value;
    } catch (error) {
      if (error instanceof UserError) throw new UserError(`--fault ${text}: ${error.message}. ${KNOWN}`);
      throw error;
    }
  }
  return settings;
}

/** @throws {UserError} for a name or a value that is not valid: the rule, without a full stop. */
export function readFault(name: string, value: string): { name: FaultName; value: number } {
  if (!isFaultName(name)) throw new UserError('there is no such fault');
  const unit = FAULT_VALUES[name];
  if (!/^\d*\.?\d+$/.test(value) || Number(value) > LARGEST[unit]) {
    throw new UserError(`the value of ${name} must be ${RULE[unit]}, not ${JSON.stringify(value)}`);
  }
  return { name, value: Number(value) };
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULT_VALUES, name);
}

/** `The faults are lost-disconnect=SHARE, …` */
export const KNOWN = `The faults are ${Object.entries(FAULT_VALUES)
  .map(([name, value]) => `${name}=${value}`)
  .join(', ')}.`;
