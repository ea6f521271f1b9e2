/** Values from the command line that only AWS knows. */
import { UserError } from '../user-error';

/**
 * Parses `NAME=VALUE` of each `--parameter`. The value may contain equals signs.
 * @throws {UserError} if one has another form, or if a name appears twice
 */
export function readParameters(pairs: string[]): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UserError(
        `--parameter ${pair} must have the form NAME=VALUE, as in --parameter /chat/limit=5.`,
      );
    }
    if (parameters.has(name)) throw new UserError(`--parameter ${name} appears twice. Specify it once.`);
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
