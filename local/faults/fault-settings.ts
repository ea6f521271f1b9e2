/** The faults there are, and how people ask for them: `--fault lost-disconnect=0.5`. */
import { UserError } from '../user-error';

/** What each fault's value is: the share of cases that it strikes, or seconds. */
export const FAULT_VALUES = {
  /** The `$disconnect` event is never delivered: API Gateway promises it at best. */
  'lost-disconnect': 'SHARE',
  /** The `$disconnect` event is delivered that much later. */
  'late-disconnect': 'SECONDS',
  /** From some moment after the opening nothing comes through either way, and posts still get their 200. */
  'half-open': 'SHARE',
  /** DynamoDB does what it is asked, and the connection is reset before the answer. */
  'answer-lost': 'SHARE',
  /** A post gets 429. */
  throttled: 'SHARE',
} as const;

export type FaultName = keyof typeof FAULT_VALUES;

/** Shares from 0 to 1, seconds from 0 to a day. What is left out does not happen. */
export type FaultSettings = Partial<Record<FaultName, number>>;

const LARGEST = { SHARE: 1, SECONDS: 86_400 };
const RULE = { SHARE: 'a share from 0 to 1, such as 0.1', SECONDS: 'seconds from 0 to 86400, such as 5' };

/** @throws {UserError} for a name or a value that is none, and for a fault that is given twice. */
export function readFaults(texts: string[]): FaultSettings {
  const settings: FaultSettings = {};
  for (const text of texts) {
    const [name = '', value = ''] = text.split(/=(.*)/s);
    if (!isFaultName(name)) throw unusable(text, 'there is no such fault');
    const unit = FAULT_VALUES[name];
    if (!/^\d*\.?\d+$/.test(value) || Number(value) > LARGEST[unit]) {
      throw unusable(text, `the value of ${name} must be ${RULE[unit]}, not ${JSON.stringify(value)}`);
    }
    if (settings[name] !== undefined) throw unusable(text, `${name} is given twice`);
    settings[name] = Number(value);
  }
  return settings;
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULT_VALUES, name);
}

function unusable(text: string, why: string): UserError {
  const known = Object.entries(FAULT_VALUES).map(([name, value]) => `${name}=${value}`);
  return new UserError(`--fault ${text}: ${why}. The faults are ${known.join(', ')}.`);
}
