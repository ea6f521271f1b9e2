/** The headers of a handshake. Names keep the client's case, and a header may appear several times. */
import type { ConnectEvent } from './events';

/** All values of a header, in the order of arrival. */
export function headerValues({ headers, multiValueHeaders }: ConnectEvent, name: string): string[] {
  const isIt = ([other]: [string, unknown]) => other.toLowerCase() === name.toLowerCase();
  const many = Object.entries(multiValueHeaders ?? {}).find(isIt)?.[1];
  const last = Object.entries(headers ?? {}).find(isIt)?.[1];
  return many ?? (last === undefined ? [] : [last]);
}

/** The values of a header that is a list, such as `Sec-WebSocket-Protocol`, in order. */
export function listedValues(event: ConnectEvent, name: string): string[] {
  return headerValues(event, name)
    .flatMap((header) => header.split(','))
    .map((value) => value.trim())
    .filter(Boolean);
}
