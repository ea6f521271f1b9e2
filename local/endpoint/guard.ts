/** Who is answered: requests that name this machine or AWS, and of pages those of the endpoint itself. Nothing is served before this. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type HostHeaders, hostName } from './host-header';

export interface GuardRefusal {
  status: 400 | 403;
  /** For the person who reads it in a terminal or a browser. */
  text: string;
}

/** What browsers tell of requests that another origin's page has caused (Fetch Metadata Request Headers). */
const OTHER_SITES = new Set(['cross-site', 'same-site']);

export class Guard {
  readonly #hosts: HostHeaders;

  constructor(hosts: HostHeaders) {
    this.#hosts = hosts;
  }

  /** Why a request gets no answer; `undefined` if it may pass. */
  refuse(request: IncomingMessage): GuardRefusal | undefined {
    const refusal = this.refuseHost(request);
    if (refusal) return refusal;
    return this.#isOfOtherPage(request) ? { status: 403, text: foreignPage(request.headers) } : undefined;
  }

  /** Whether the request names this machine, and not a host of AWS or of the app. */
  namesThisMachine({ headers: { host } }: IncomingMessage): boolean {
    return this.#hosts.isOwn(host);
  }

  /** The part for WebSocket handshakes: API Gateway leaves it to `$connect` which pages may connect. */
  refuseHost({ headers: { host }, rawHeaders }: IncomingMessage): GuardRefusal | undefined {
    if (countOf('host', rawHeaders) > 1) return { status: 400, text: 'A request has one Host header.\n' };
    return this.#hosts.accepts(host) ? undefined : { status: 403, text: foreignHost(host) };
  }

  /**
   * Browsers tell whose page a request comes from: pages of other origins, and of other ports of this machine, may not use
   * connections, tables, functions and buckets, nor ask with OPTIONS whether they may, nor embed what is here. A link from
   * elsewhere to a page of this endpoint works.
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
  return `The Host header ${JSON.stringify(hostName(header) ?? header ?? '')} is none of this endpoint's. Use localhost, 127.0.0.1, or an API's own amazonaws.com name; start with --allow-host ${hostName(header) ?? 'NAME'} to use this name.\n`;
}

function foreignPage({ origin, host }: IncomingHttpHeaders): string {
  const pages = origin === undefined ? 'Pages of other sites' : `Pages of ${origin}`;
  return `${pages} are not answered, only those of http://${host} itself. Open the page there, or send the request from a program.\n`;
}
