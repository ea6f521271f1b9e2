/** Makes the tokens that clients of a `RealtimeServer` connect and subscribe with. @module shared-connection/realtime/token */
import jwt from 'jsonwebtoken';
import { InvalidValueError } from '../errors';

/** A secret signs with HS256. */
export type SigningKey =
  | string
  | {
      privateKey: string;
      algorithm: 'RS256' | 'RS384' | 'RS512' | 'ES256' | 'ES384' | 'ES512';
      keyId?: string;
    };

export interface TokenOptions {
  /** How long the token is valid. The client gets a new one before, or is disconnected. @default 3,600 */
  seconds?: number;
  issuer?: string;
  audience?: string;
}

export interface ConnectionTokenOptions extends TokenOptions {
  /** The user's id; leave it out for an anonymous user. */
  user?: string;
  /** What others may know about the user: JSON of up to 512 bytes. */
  info?: unknown;
  /** Channels that the server subscribes the connection to. */
  channels?: readonly string[];
}

export interface SubscriptionTokenOptions extends TokenOptions {
  /** The user's id, as in the connection's token; leave it out for an anonymous user. */
  user?: string;
  channel: string;
}

/** A token that a client connects with. @throws InvalidValueError for an empty key or an invalid lifetime */
export function connectionToken(options: ConnectionTokenOptions, key: SigningKey): string {
  const { user = '', info, channels } = options;
  return signed(
    { sub: user, ...(info !== undefined && { info }), ...(channels && { channels }) },
    options,
    key,
  );
}

/** A token that a client subscribes to one channel with. @throws as `connectionToken` */
export function subscriptionToken(options: SubscriptionTokenOptions, key: SigningKey): string {
  const { user = '', channel } = options;
  return signed({ sub: user, channel }, options, key);
}

function signed(
  claims: object,
  { seconds = 3_600, issuer, audience }: TokenOptions,
  key: SigningKey,
): string {
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new InvalidValueError(
      `A token's lifetime is ${String(seconds)} s, but must be a whole number of seconds above 0.`,
    );
  }
  const { privateKey, algorithm, keyId } =
    typeof key === 'string'
      ? { privateKey: key, algorithm: 'HS256' as const, keyId: undefined }
      : { keyId: undefined, ...key };
  if (privateKey === '') throw new InvalidValueError('The key that signs a token is empty.');
  return jwt.sign(claims, privateKey, {
    ...{ algorithm, expiresIn: seconds },
    ...(keyId && { keyid: keyId }),
    ...(issuer && { issuer }),
    ...(audience && { audience }),
  });
}
