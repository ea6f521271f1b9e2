/**
 * Protects the runtime from pages of other sites: answers only requests whose Host is a name of this machine or of AWS,
 * and of the requests from pages only those of its own pages.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type HostHeaders, hostName } from './host-header';

export interface GuardRefusal {
  status: 400 | 403;
  /** Shown to people in a terminal or a browser. */
  text: string;
}

/** Values of `Sec-Fetch-Site` for requests from pages of other origins. */
const OTHER_SITES = new Set(['cross-site', 'same-site']);

/** Headers that tunnels and proxies add. */
const FORWARDING_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];
const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.[\d.]+)$/;

export class Guard {
  readonly #hosts: HostHeaders;

  constructor(hosts: HostHeaders) {
    this.#hosts = hosts;
  }

  /** Why the request is refused; `undefined` if it may pass. */
  refuse(request: IncomingMessage): GuardRefusal | undefined {
    const refusal = this.refuseHost(request);
    if (refusal) return refusal;
    return this.#isOfOtherPage(request) ? { status: 403, text: foreignPage(request.headers) } : undefined;
  }

  /**
   * Whether a program on this machine sent the request: from a loopback address, to a loopback name, and not through a
   * tunnel or a proxy, which may run on this machine, too.
   */
  isFromThisMachine({ headers, socket: { remoteAddress = '' } }: IncomingMessage): boolean {
    if (FORWARDING_HEADERS.some((name) => headers[name] !== undefined)) return false;
    return LOOPBACK_ADDRESS.test(remoteAddress) && this.#hosts.isLoopback(headers.host);
  }

  /** Checks only the host, for WebSocket handshakes: on AWS, `$connect` decides which pages may connect. */
  refuseHost({ headers: { host }, rawHeaders }: IncomingMessage): GuardRefusal | undefined {
    if (countOf('host', rawHeaders) > 1)
      return { status: 400, text: 'A request must have exactly one Host header.\n' };
    return this.#hosts.accepts(host) ? undefined : { status: 403, text: foreignHost(host) };
  }

  /**
   * Browsers send the origin of a page with its requests. Pages of other origins, including other ports of this
   * machine, may not use connections, tables, functions or buckets, send preflight requests, or embed pages. A link
   * from another site to a page works.
   */
  #isOfOtherPage({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    if (origin === undefined) {
      const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
      return OTHER_SITES.has(String(headers['sec-fetch-site'])) && !isLink;
    }
    const [, authority] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
    return authority?.toLowerCase() !== host?.toLowerCase() || !this.#hosts.isOwn(authority);
  }
}

function countOf(name: string, rawHeaders: string[]): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}

function foreignHost(header: string | undefined): string {
  return `The Host header ${JSON.stringify(hostName(header) ?? header ?? '')} does not belong to this endpoint. Use localhost, 127.0.0.1, or an API's own amazonaws.com name. To use this name, start with --allow-host ${hostName(header) ?? 'NAME'}.\n`;
}

function foreignPage({ origin, host }: IncomingHttpHeaders): string {
  const pages = origin === undefined ? 'Pages of other sites' : `Pages of ${origin}`;
  return `${pages} may not use this endpoint; only pages of http://${host} may. Open the page there, or send the request from a program.\n`;
}
