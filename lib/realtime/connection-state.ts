/** What a realtime connection's attributes hold: that its client has connected, and when that and its subscriptions expire. */
import type { Value } from '../table/item';

const ATTRIBUTE = 'realtime';

/** Times are in milliseconds since the epoch. */
export interface ConnectionState {
  /** The client's `connect` was accepted. */
  isConnected: boolean;
  expiresAt?: number;
  /** By channel, of subscriptions that expire. */
  subscriptions: Record<string, number>;
}

export function stateIn(attributes: Readonly<Record<string, Value>>): ConnectionState {
  const stored = attributes[ATTRIBUTE] as
    | { expiresAt?: number; subscriptions?: Record<string, number> }
    | undefined;
  return {
    isConnected: stored !== undefined,
    ...(stored?.expiresAt !== undefined && { expiresAt: stored.expiresAt }),
    subscriptions: { ...stored?.subscriptions },
  };
}

/** Of a connection whose client has connected. */
export function keepState(
  attributes: Record<string, Value>,
  { expiresAt, subscriptions }: Omit<ConnectionState, 'isConnected'>,
): void {
  attributes[ATTRIBUTE] = {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(Object.keys(subscriptions).length > 0 && { subscriptions }),
  };
}
