/** The key of the API, which callers send as `X-API-Key: KEY` or `Authorization: apikey KEY`. It is in no URL and no log. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigurationError } from '../../errors';
import { type Secrets, secretsOfThisProcess } from '../secrets';

export class ApiKey {
  /** Reads `API_KEY_ARN`, the ARN of a secret, or `API_KEY`, the key itself. */
  constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly secrets: Pick<Secrets, 'text'> = secretsOfThisProcess,
  ) {}

  /** Takes the same time for every key that is wrong. @throws ConfigurationError if the function has no key */
  async isIn(headers: Record<string, string | undefined>): Promise<boolean> {
    const key = await this.#key();
    const given = headers['x-api-key'] ?? ofAuthorization(headers.authorization);
    return given !== undefined && timingSafeEqual(hashOf(given), hashOf(key));
  }

  async #key(): Promise<string> {
    const { API_KEY_ARN, API_KEY } = this.environment;
    if (API_KEY_ARN) return this.secrets.text(API_KEY_ARN);
    if (API_KEY) return API_KEY;
    throw new ConfigurationError(
      'The environment of the API has neither API_KEY_ARN nor API_KEY, so nobody may call it. The construct RealtimeService sets API_KEY_ARN.',
    );
  }
}

function ofAuthorization(header: string | undefined): string | undefined {
  return /^\s*apikey\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
