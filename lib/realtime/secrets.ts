/** Secrets that a function reads from Secrets Manager at run time, so that neither its template nor its environment has them. */
import { type Clock, systemClock } from '../clock';
import { ConfigurationError } from '../errors';
import { fetchSecret } from '../fetch-secret';

/** How long a value is used after the secret has changed. */
const KEPT_MILLISECONDS = 5 * 60_000;

export class Secrets {
  readonly #read = new Map<string, { at: number; text: Promise<string> }>();

  constructor(
    private readonly fetch: (arn: string) => Promise<string> = fetchSecret,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws ConfigurationError if the secret cannot be read, or is empty. The error does not contain its value. */
  text(arn: string): Promise<string> {
    const now = this.clock.now();
    const known = this.#read.get(arn);
    if (known && now < known.at + KEPT_MILLISECONDS) return known.text;
    const read = { at: now, text: this.#fetched(arn) };
    this.#read.set(arn, read);
    read.text.catch(() => {
      if (this.#read.get(arn) === read) this.#read.delete(arn);
    });
    return read.text;
  }

  async #fetched(arn: string): Promise<string> {
    let text: string;
    try {
      text = await this.fetch(arn);
    } catch (error) {
      const { name, message } = error as Error;
      throw new ConfigurationError(
        `The secret ${arn} cannot be read (${name}: ${message}). The function must be allowed secretsmanager:GetSecretValue on it, which the construct RealtimeService does.`,
      );
    }
    if (text !== '') return text;
    throw new ConfigurationError(`The secret ${arn} has no text. Set its SecretString.`);
  }
}

/** Of this process, so that each environment of a function reads a secret once in five minutes. */
export const secretsOfThisProcess = new Secrets();
