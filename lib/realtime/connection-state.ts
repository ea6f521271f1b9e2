/**
 * What a realtime connection's attributes hold: that its client has connected, when that and its subscriptions
 * expire, and which info is in all of its rows. Each has an attribute of its own, because frames that run side by side change different ones.
 */
import type { Value } from '../table/item';

const CONNECTION = 'realtime';
/** Followed by the name of a channel. */
const SUBSCRIPTION = 'realtime:';

/** Times are in milliseconds since the epoch. */
export interface ConnectionState {
  /** The client's `connect` was accepted. */
  isConnected: boolean;
  expiresAt?: number;
  /** Of the info about the user that all rows of the connection have. */
  fingerprint?: string;
  /** By channel, of subscriptions that expire. */
  subscriptions: Record<string, number>;
}

export function stateIn(attributes: Readonly<Record<string, Value>>): ConnectionState {
  const stored = attributes[CONNECTION] as Pick<ConnectionState, 'expiresAt' | 'fingerprint'> | undefined;
  const subscriptions: Record<string, number> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith(SUBSCRIPTION)) subscriptions[name.slice(SUBSCRIPTION.length)] = value as number;
  }
  return {
    isConnected: stored !== undefined,
    ...stored,
    subscriptions,
  };
}

/** Of a connection whose client has connected. */
export function keepState(
  attributes: Record<string, Value>,
  { expiresAt, fingerprint, subscriptions }: Omit<ConnectionState, 'isConnected'>,
): void {
  attributes[CONNECTION] = {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
  for (const name of Object.keys(attributes)) {
    if (name.startsWith(SUBSCRIPTION) && !(name.slice(SUBSCRIPTION.length) in subscriptions))
      delete attributes[name];
  }
  for (const [channel, at] of Object.entries(subscriptions)) attributes[SUBSCRIPTION + channel] = at;
}
