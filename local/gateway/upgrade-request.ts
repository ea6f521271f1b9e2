/** Which requests to upgrade are WebSocket handshakes (RFC 6455, 4.2.1), and how the others are refused. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { HEAD_TOO_LARGE, hasTooLargeHead } from './head-size';
import { BAD_HANDSHAKE, OTHER_VERSION, type Refusal, UPGRADE_REQUIRED } from './refusal';

/** Headers that a handshake may have only once. */
const SINGLE = new Set(['host', 'sec-websocket-key', 'sec-websocket-version']);

/** Undefined for a valid handshake. */
export function upgradeFault(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion, headers } = request;
  if (hasTooLargeHead(request)) return HEAD_TOO_LARGE;
  const protocols = (headers.upgrade ?? '').split(',').map((protocol) => protocol.trim().toLowerCase());
  if (!protocols.includes('websocket')) return UPGRADE_REQUIRED;
  if (protocols.length > 1 || method !== 'GET' || httpVersion !== '1.1') return BAD_HANDSHAKE;
  if (hasBody(headers) || repeatsSingle(request.rawHeaders)) return BAD_HANDSHAKE;
  if (headers['sec-websocket-version'] !== '13') return OTHER_VERSION;
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')) return BAD_HANDSHAKE;
  return undefined;
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

function repeatsSingle(rawHeaders: string[]): boolean {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}
