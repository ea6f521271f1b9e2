/** What it means to listen on more than this machine's own address. */
import { isIPv4 } from 'node:net';

const EVERY_INTERFACE = new Set(['0.0.0.0', '::']);

/** A sentence for whoever gave `--host`; `undefined` if only this machine reaches that address. */
export function openHostWarning(host: string): string | undefined {
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return undefined;
  const where = EVERY_INTERFACE.has(host)
    ? 'every network that this machine is in'
    : `the network of ${host}`;
  return (
    `--host ${host} listens on ${where}: whoever is there can use the WebSocket APIs, call the functions, and read and change the ` +
    'tables and buckets, since signatures are not verified here. Leave --host out to listen on 127.0.0.1 only.'
  );
}
