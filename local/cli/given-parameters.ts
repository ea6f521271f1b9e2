/** Values from the command line: those that only AWS knows, and the context of a synthesis. */
import { UserError } from '../user-error';

/**
 * Parses `NAME=VALUE` of each `--parameter`. The value may contain equals signs.
 * @throws {UserError} if one has another form, or if a name appears twice
 */
export function readParameters(pairs: string[]): Record<string, string> {
  return readPairs('--parameter', 'NAME=VALUE', '/chat/limit=5', pairs);
}

/**
 * Parses `KEY=VALUE` of each `--context`. The values are texts, as those that the CDK's command line takes.
 * @throws {UserError} if one has another form, or if a key appears twice
 */
export function readContext(pairs: string[]): Record<string, string> {
  return readPairs('--context', 'KEY=VALUE', 'stage=dev', pairs);
}

function readPairs(option: string, form: string, example: string, pairs: string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new UserError(`${option} ${pair} must have the form ${form}, as in ${option} ${example}.`);
    if (values.has(name)) throw new UserError(`${option} ${name} appears twice. Specify it once.`);
    values.set(name, value);
  }
  return Object.fromEntries(values);
}
