/** What channels may be called. */
import { InvalidValueError } from '../errors';

/**
 * @throws InvalidValueError for a name of more than 128 characters, or with characters other than letters, digits and
 * `_ - . : /`
 */
export function assertChannelName(channel: string): void {
  if (isChannelName(channel)) return;
  throw new InvalidValueError(
    `The channel name ${JSON.stringify(channel)} is not valid: 1 to 128 letters, digits, "_", "-", ".", ":" and "/" are allowed.`,
  );
}

export function isChannelName(text: string): boolean {
  return /^[A-Za-z0-9_.:/-]{1,128}$/.test(text);
}
