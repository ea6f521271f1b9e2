/** What people give on the command line for values that only AWS knows. */
import { UserError } from '../user-error';

/**
 * `NAME=VALUE` of each `--parameter`: the value may have equals signs in it.
 * @throws {UserError} if one has another form, or a name is given twice.
 */
export function readParameters(pairs: string[]): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(`--parameter ${pair}: the form is NAME=VALUE, as in --parameter /chat/limit=5.`);
    }
    if (parameters.has(name)) throw new UserError(`--parameter ${name} is given twice. Give it one value.`);
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
