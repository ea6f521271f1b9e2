/** An example of a verifier: users and their password hashes, from a secret of Secrets Manager or from a file. */
import { readFile } from 'node:fs/promises';
import { type Clock, ConfigurationError } from '../../lib';
import { systemClock } from '../../lib/clock';
import { fetchSecret } from '../../lib/fetch-secret';
import { PasswordHash } from './password-hash';
import type { Verifier } from './verifier';

/** How long a cached value is used after a change. */
const KEPT_MILLISECONDS = 5 * 60_000;

export class CredentialsVerifier implements Verifier {
  #read: { at: number; hashes: Promise<Hashes> } | undefined;

  /**
   * @param source the ARN of a secret, or the path of a file, that contains `{ "user": "scrypt$…" }`
   * @param read returns its content
   */
  constructor(
    private readonly source: string,
    private readonly read: (source: string) => Promise<string> = readCredentials,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws ConfigurationError if the source cannot be read, or contains anything else */
  async verify(user: string, password: string): Promise<boolean> {
    return (await this.#hashes()).match(user, password);
  }

  #hashes(): Promise<Hashes> {
    const now = this.clock.now();
    if (!this.#read || this.#read.at + KEPT_MILLISECONDS <= now) {
      const read = { at: now, hashes: this.#readHashes() };
      this.#read = read;
      read.hashes.catch(() => {
        if (this.#read === read) this.#read = undefined;
      });
    }
    return this.#read.hashes;
  }

  async #readHashes(): Promise<Hashes> {
    let text: string;
    try {
      text = await this.read(this.source);
    } catch (error) {
      throw unreadable(this.source, error as Error);
    }
    return parse(text, this.source);
  }
}

/** Does not check anything if the environment has no `CREDENTIALS`. */
export function verifierFromEnvironment({ CREDENTIALS }: NodeJS.ProcessEnv): Verifier | undefined {
  return CREDENTIALS ? new CredentialsVerifier(CREDENTIALS) : undefined;
}

/**
 * The hashes of all users. Every lookup takes equally long, for any user: one check for each cost that any user has.
 */
class Hashes {
  /** Hashes of no password, one for each cost. */
  readonly #nobodies: PasswordHash[];

  constructor(private readonly hashes: ReadonlyMap<string, PasswordHash>) {
    const byCost = new Map([...hashes.values()].map((hash) => [hash.costText, hash]));
    this.#nobodies =
      byCost.size > 0
        ? [...byCost.values()].map(PasswordHash.resembling)
        : [PasswordHash.resembling(undefined)];
  }

  async match(user: string, password: string): Promise<boolean> {
    const own = this.hashes.get(user);
    let isRight = false;
    for (const nobody of this.#nobodies) {
      const checked = own?.costText === nobody.costText ? own : nobody;
      const matches = await checked.matches(password);
      isRight ||= matches && checked === own;
    }
    return isRight;
  }
}

/** The error does not contain the value. */
function parse(text: string, source: string): Hashes {
  const hashes = new Map<string, PasswordHash>();
  const entries = Object.entries(parseObject(text, source));
  for (const [index, [user, value]] of entries.entries()) {
    const hash = typeof value === 'string' ? PasswordHash.parse(value) : undefined;
    if (!hash) throw unusable(source, `entry ${index + 1} of ${entries.length} is not such a hash`);
    hashes.set(user, hash);
  }
  return new Hashes(hashes);
}

function parseObject(text: string, source: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable(source, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unusable(source, 'it is not an object');
  }
  return value;
}

function unusable(source: string, why: string): ConfigurationError {
  return new ConfigurationError(
    `CREDENTIALS ${source} must contain JSON such as {"name":"scrypt$N$r$p$salt$hash"}, but ${why}. Make a hash with functions/notifications/hash-password.ts.`,
  );
}

/**
 * Contains the reader's error (`ENOENT`, `ResourceNotFoundException`, `AccessDeniedException` …), but not the SDK's
 * stack.
 */
function unreadable(source: string, { name, message }: Error): ConfigurationError {
  const remedy = isSecret(source)
    ? 'Set it to a secret of this account and region, or on your own machine to a file, and allow the routes function secretsmanager:GetSecretValue on the secret. Deploying with --context credentials=ARN does both.'
    : 'Set it to an existing file, or on AWS to the ARN of a secret.';
  return new ConfigurationError(
    `CREDENTIALS ${source} cannot be read (${name}: ${message}), so nobody can sign in. ${remedy}`,
  );
}

function isSecret(source: string): boolean {
  return source.startsWith('arn:');
}

function readCredentials(source: string): Promise<string> {
  return isSecret(source) ? fetchSecret(source) : readFile(source, 'utf8');
}
