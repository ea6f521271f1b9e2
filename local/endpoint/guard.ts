/**
 * Decides which requests are answered: those whose Host names this machine or AWS and, from pages, those of the
 * endpoint's own pages. Runs before everything else.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type HostHeaders, hostName } from './host-header';

export interface GuardRefusal {
  status: 400 | 403;
  /** For people who read it in a terminal or a browser. */
  text: string;
}

/** What browsers say about requests from pages of other origins (Fetch Metadata Request Headers). */
const OTHER_SITES = new Set(['cross-site', 'same-site']);

export class Guard {
  readonly #hosts: HostHeaders;

  constructor(hosts: HostHeaders) {
    this.#hosts = hosts;
  }

  /** Why a request gets no response; `undefined` if it may pass. */
  refuse(request: IncomingMessage): GuardRefusal | undefined {
    const refusal = this.refuseHost(request);
    if (refusal) return refusal;
    return this.#isOfOtherPage(request) ? { status: 403, text: foreignPage(request.headers) } : undefined;
  }

  /** Whether the request names this machine as its own programs do: by no name of AWS, of the app, or of a tunnel. */
  namesLoopback({ headers: { host } }: IncomingMessage): boolean {
    return this.#hosts.isLoopback(host);
  }

  /** The part for WebSocket handshakes: API Gateway leaves it to `$connect` which pages may connect. */
  refuseHost({ headers: { host }, rawHeaders }: IncomingMessage): GuardRefusal | undefined {
    if (countOf('host', rawHeaders) > 1)
      return { status: 400, text: 'A request must have exactly one Host header.\n' };
    return this.#hosts.accepts(host) ? undefined : { status: 403, text: foreignHost(host) };
  }

  /**
   * Browsers say which page a request comes from. Pages of other origins, including other ports of this machine, may
   * not use connections, tables, functions and buckets, may not send preflight requests, and may not embed anything
   * from here. A link from elsewhere to a page of this endpoint works.
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
