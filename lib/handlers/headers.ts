/** The headers of a handshake. Names keep the client's case, and a header may appear several times. */
import type { ConnectEvent } from './events';

/** A copy of the handshake with these values of a header, under the client's spelling of its name. Without values, the header is removed. */
export function withHeader(event: ConnectEvent, name: string, values: string[]): ConnectEvent {
  return {
    ...event,
    headers: replaced(event.headers, name, values.at(-1)),
    multiValueHeaders: replaced(event.multiValueHeaders, name, values.length > 0 ? values : undefined),
  };
}

function replaced<Value>(
  headers: Record<string, Value> = {},
  name: string,
  value: Value | undefined,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([key, old]): [string, Value][] => {
      if (key.toLowerCase() !== name.toLowerCase()) return [[key, old]];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

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
