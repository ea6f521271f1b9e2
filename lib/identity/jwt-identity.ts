/** Who a handshake comes from, by its JWT. Loaded only by services that have an issuer. */
import type { Backend } from '../backend';
import type { ConnectEvent } from '../handlers/events';
import { type CarriedToken, takeToken } from './carried-token';
import { fetchKeySet } from './fetch-key-set';
import { type JwtSettings, jwtSettings } from './jwt-settings';
import { type Claims, JwtVerification } from './jwt-verification';

export interface Identified extends CarriedToken {
  claims: Claims;
}

export class JwtIdentity {
  readonly #settings: JwtSettings;
  readonly #verification: JwtVerification;

  /** @throws ConfigurationError as `jwtSettings` */
  constructor(environment: NodeJS.ProcessEnv, { clock, keySet = fetchKeySet }: Backend) {
    this.#settings = jwtSettings(environment);
    this.#verification = new JwtVerification(this.#settings, clock, keySet);
  }

  /** Returns the claims and the handshake without its token, or the status to refuse it with. Logs the reason of a refusal. */
  async identify(event: ConnectEvent): Promise<Omit<Identified, 'token'> | { statusCode: 401 | 500 }> {
    const { token, ...carried } = takeToken(event, this.#settings);
    const verdict = await this.#verification.verify(token);
    if ('claims' in verdict) return { ...carried, claims: verdict.claims };
    const { statusCode, why } = verdict;
    const line = `The handshake of ${event.requestContext.connectionId} was refused with ${statusCode}: ${why}`;
    if (statusCode === 401) console.warn(line);
    else console.error(line);
    return { statusCode };
  }
}
