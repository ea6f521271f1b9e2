/** Encodes what is sent to clients as the text of one frame. */
import { toDataUrl } from './binary-data';
import { jsonText } from './json-text';

/**
 * Text as it is, bytes as a data URL, and anything else as JSON.
 * @throws InvalidValueError for values that JSON cannot express, such as functions, bigints or cycles
 */
export function messageText(data: unknown): string {
  if (typeof data === 'string') return data;
  if (data instanceof Uint8Array) return toDataUrl(data);
  return jsonText(data, 'A message must be text, bytes or JSON');
}
