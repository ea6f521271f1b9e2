/** The cookies of a handshake. A browser has no other way to say which web session a WebSocket belongs to. */
import type { ConnectEvent } from './events';
import { headerValues } from './headers';

/**
 * A cookie's value without its quotes, or `undefined` if it is missing or empty. If there are several with the same
 * name, the first one counts: browsers send the one with the longest path first (RFC 6265, 5.4).
 */
export function cookieValue(event: ConnectEvent, name: string): string | undefined {
  for (const pair of headerValues(event, 'Cookie').flatMap((header) => header.split(';'))) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    return (
      pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1') || undefined
    );
  }
  return undefined;
}
