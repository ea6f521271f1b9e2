/** Encodes a value as JSON, or says what is wrong with it. */
import { InvalidValueError } from '../errors';

/** @throws InvalidValueError for what JSON cannot express, such as functions, bigints or cycles: `rule` says what must be JSON */
export function jsonText(value: unknown, rule: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidValueError(`${rule}: ${String(cause)}.`, { cause });
  }
  if (text !== undefined) return text;
  throw new InvalidValueError(
    `${rule} (text, a number, a boolean, null, a list or an object), not ${typeof value}.`,
  );
}
