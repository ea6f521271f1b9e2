/** The cookies of a handshake. A browser has no other way to say which web session a WebSocket belongs to. */
import type { ConnectEvent } from './events';
import { headerValues } from './headers';

/**
 * A cookie's value without its quotes, or `undefined` if it is missing or empty. If there are several with the same
 * name, the first one counts: browsers send the one with the longest path first (RFC 6265, 5.4).
 */
export function cookieValue(event: ConnectEvent, name: string): string | undefined {
  return cookiePairs(event).find(([other]) => other === name)?.[1] || undefined;
}

/** Every cookie in the order in which they came, each value without its quotes. */
export function cookiePairs(event: ConnectEvent): [name: string, value: string][] {
  const pairs = headerValues(event, 'Cookie').flatMap((header) => header.split(';'));
  return pairs.flatMap((pair): [string, string][] => {
    const equals = pair.indexOf('=');
    if (equals < 0) return [];
    const value = pair.slice(equals + 1).trim();
    return [[pair.slice(0, equals).trim(), value.replace(/^"(.*)"$/, '$1')]];
  });
}
