/** The address of a client, as far as it identifies the client. */
import { isIPv6 } from 'node:net';

/**
 * A whole IPv4 address, or the first 64 bits of an IPv6 address, because a client can choose any other address in its
 * own network.
 * API Gateway takes `requestContext.identity.sourceIp` from the TCP connection. Unlike the header `X-Forwarded-For`
 * of a handshake, clients cannot choose it.
 */
export function clientAddress(sourceIp: string): string {
  if (!isIPv6(sourceIp)) return sourceIp;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(sourceIp)?.[1];
  if (mapped) return mapped;
  const [head = '', tail] = sourceIp.replace(/%.*$/, '').split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
