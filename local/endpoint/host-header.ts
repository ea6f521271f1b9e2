import { isIP } from 'node:net';

/** The names of this machine for its own programs. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Addresses that mean "every interface". With these, any IP address of the machine is allowed. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/**
 * Host names of AWS services, and of buckets on this machine: names that end in `localhost` always mean this machine
 * (RFC 6761, section 6.3).
 */
const SERVICE_NAME = /\.(amazonaws\.com(\.cn)?|lambda-url\.[^.]+\.on\.aws|localhost)$/;

/**
 * The Host headers that the endpoint accepts: its own, those of AWS and of buckets, and the app's custom domains. If a
 * foreign page points its own name to this machine (DNS rebinding), its requests have that name and are refused.
 */
export class HostHeaders {
  readonly #own: Set<string>;
  readonly #served: () => string[];
  readonly #takesAnyAddress: boolean;

  /**
   * @param names additional host names of this machine, as used by containers and tunnels
   * @param served the app's own host names for its APIs. Called again for each request
   */
  constructor(listeningHost: string, names: string[] = [], served: () => string[] = () => []) {
    const others = [listeningHost, ...names].map((name) => name.toLowerCase());
    this.#own = new Set([...LOOPBACK, ...others]);
    this.#served = served;
    this.#takesAnyAddress = ANY_ADDRESS.has(listeningHost);
  }

  accepts(header: string | undefined): boolean {
    const name = hostName(header);
    return (
      name !== undefined && (this.isOwn(header) || SERVICE_NAME.test(name) || this.#served().includes(name))
    );
  }

  /** Whether the header is a loopback name. Requests from outside have other names, such as a tunnel's. */
  isLoopback(header: string | undefined): boolean {
    return LOOPBACK.includes(hostName(header) ?? '');
  }

  /** Whether the header is a name of this machine, as in requests from its own pages and commands. */
  isOwn(header: string | undefined): boolean {
    const name = hostName(header);
    if (name === undefined) return false;
    return this.#own.has(name) || (this.#takesAnyAddress && isIP(name) !== 0);
  }
}

/** Without port and brackets, in lower case. */
export function hostName(header: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]+))(?::\d+)?$/i.exec(header ?? '') ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '');
}
