import { isIP } from 'node:net';

/** What a program on this machine calls it. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Addresses that mean "every interface". With these, any IP address of the machine is allowed. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/**
 * Host names of AWS services, and of buckets on this machine: nobody else's name can end in `localhost` (RFC 6761,
 * section 6.3).
 */
const SERVICE_NAME = /\.(amazonaws\.com(\.cn)?|lambda-url\.[^.]+\.on\.aws|localhost)$/;

/**
 * The Host headers that the endpoint answers: its own, AWS-shaped ones, buckets and the app's custom domains. If a
 * foreign page points its own name to this machine (DNS rebinding), its requests have that name and get nothing.
 */
export class HostHeaders {
  readonly #own: Set<string>;
  readonly #served: () => string[];
  readonly #takesAnyAddress: boolean;

  /**
   * @param names other host names of this machine, as used by containers and tunnels
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

  /** Whether the header is a name that only this machine itself can mean. Strangers may come by others, such as a tunnel's. */
  isLoopback(header: string | undefined): boolean {
    return LOOPBACK.includes(hostName(header) ?? '');
  }

  /** Whether the header names this machine, as requests from its user's pages and commands do. */
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
