/** Encodes what is sent to clients as the text of one frame. */
import { toDataUrl } from '../binary-data';
import { InvalidValueError } from '../errors';

/**
 * Text as it is, bytes as a data URL, and anything else as JSON.
 * @throws InvalidValueError for values that JSON cannot express, such as functions, bigints or cycles
 */
export function messageText(data: unknown): string {
  if (typeof data === 'string') return data;
  if (data instanceof Uint8Array) return toDataUrl(data);
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new InvalidValueError(`A message must be text, bytes or JSON: ${String(cause)}.`, { cause });
  }
  if (text !== undefined) return text;
  throw new InvalidValueError(
    `A message must be text, bytes or JSON (a number, a boolean, null, a list or an object), not ${typeof data}.`,
  );
}
