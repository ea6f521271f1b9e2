import { isIP } from 'node:net';

/** Addresses that mean "every interface": then any IP address of the machine is its own. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Of AWS's services, and of buckets on this machine: nobody else's name can end in `localhost` (RFC 6761, section 6.3). */
const SERVICE_NAME = /\.(amazonaws\.com(\.cn)?|lambda-url\.[^.]+\.on\.aws|localhost)$/;

/**
 * Which Host headers the endpoint answers to: its own, AWS-shaped ones, those of buckets and the app's custom domains. A page of somebody else's that
 * has its name point to this machine (DNS rebinding) comes with that name, and gets nothing.
 */
export class HostHeaders {
  readonly #own: Set<string>;
  readonly #served: () => string[];
  readonly #takesAnyAddress: boolean;

  /**
   * @param names other names of this machine, as containers and tunnels have them
   * @param served names of the app's own, which stand for its APIs as AWS's do. Asked anew for each request
   */
  constructor(listeningHost: string, names: string[] = [], served: () => string[] = () => []) {
    const others = [listeningHost, ...names].map((name) => name.toLowerCase());
    this.#own = new Set(['localhost', '127.0.0.1', '::1', ...others]);
    this.#served = served;
    this.#takesAnyAddress = ANY_ADDRESS.has(listeningHost);
  }

  accepts(header: string | undefined): boolean {
    const name = hostName(header);
    return (
      name !== undefined && (this.isOwn(header) || SERVICE_NAME.test(name) || this.#served().includes(name))
    );
  }

  /** Whether the header names this machine, as pages and commands of its user do. */
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
