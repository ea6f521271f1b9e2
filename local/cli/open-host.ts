/** Warns about listening on an address that other machines can reach. */
import { isIPv4 } from 'node:net';

const EVERY_INTERFACE = new Set(['0.0.0.0', '::']);

/** A warning for the user of `--host`, or `undefined` if only this machine can reach the address. */
export function openHostWarning(host: string): string | undefined {
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return undefined;
  const where = EVERY_INTERFACE.has(host) ? 'every network of this machine' : `the network of ${host}`;
  return (
    `--host ${host} listens on ${where}. Anyone there can use the WebSocket APIs, call the functions, and read and change the ` +
    'tables and buckets, because the runtime does not verify signatures. To listen on 127.0.0.1 only, remove --host.'
  );
}
