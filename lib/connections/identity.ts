/** The user of a connection: how a service knows the user, and what others may see. */
import { isDeepStrictEqual } from 'node:util';
import { InvalidValueError } from '../errors';
import { jsonText } from '../messages/json-text';
import type { Value } from '../table/item';

export interface Identity {
  /** How the service knows the user: an account's id, or a name. Several connections may have the same one. */
  user: string;
  /** What others may know about the user, such as a name and a picture. Stored in each of the connection's rows. */
  info?: Value;
}

/** In stored form. A connection without a user has neither field. */
export type KnownIdentity = Partial<Identity>;

type PossibleIdentity = { [name in keyof Identity]?: Identity[name] | undefined };

/** In UTF-8. The user is in the row of each channel, which publications read. */
export const MAX_USER_BYTES = 256;
/** As JSON. A row of up to 1 KB is one write unit, and needs space for other fields. */
export const MAX_INFO_BYTES = 512;

/** The identity as JSON keeps it. @throws InvalidValueError for a user or an info that is too large, or that is not JSON */
export function validIdentity({ user, info }: Identity): Identity {
  if (typeof user !== 'string' || user === '') {
    throw new InvalidValueError(
      `A user must be text of 1 to ${MAX_USER_BYTES} bytes, not ${user === '' ? 'empty' : typeof user}. Leave a connection without a user unidentified.`,
    );
  }
  const userBytes = Buffer.byteLength(user);
  if (userBytes > MAX_USER_BYTES) {
    throw new InvalidValueError(
      `The user ${JSON.stringify(`${user.slice(0, 40)}…`)} has ${userBytes} bytes, but may have ${MAX_USER_BYTES}. Identify the connection by a shorter id.`,
    );
  }
  if (info === undefined) return { user };
  const json = jsonText(info, `The info of user ${JSON.stringify(user)} must be JSON`);
  const infoBytes = Buffer.byteLength(json);
  if (infoBytes <= MAX_INFO_BYTES) return { user, info: JSON.parse(json) };
  throw new InvalidValueError(
    `The info of user ${JSON.stringify(user)} has ${infoBytes} bytes as JSON, but may have ${MAX_INFO_BYTES}. Keep only what others see of the user, and the rest in attributes.`,
  );
}

/**
 * The user that an authorizer found: a Lambda authorizer's `principalId`, or the `sub` of a token's claims. Its
 * context is not used as `info`, because others see that.
 */
export function identityFoundBy(authorizer: Record<string, unknown> | undefined): KnownIdentity {
  const claims = authorizer?.claims as Record<string, unknown> | undefined;
  const user = [authorizer?.principalId, authorizer?.sub, claims?.sub].find(
    (candidate) => typeof candidate === 'string' && candidate !== '',
  );
  return user === undefined ? {} : { user: user as string };
}

/** Only the identity, without other fields. */
export function identityOf({ user, info }: KnownIdentity): KnownIdentity {
  return { ...(user !== undefined && { user }), ...(info !== undefined && { info }) };
}

/** The same connection with another identity. */
export function withIdentity<Row extends KnownIdentity>(
  { user: _, info: __, ...others }: Row,
  identity: KnownIdentity,
): Omit<Row, keyof KnownIdentity> & KnownIdentity {
  return { ...others, ...identityOf(identity) };
}

/** The change of a row that sets this identity and removes an earlier one. */
export function identityChange(identity: KnownIdentity): { set: KnownIdentity; remove: string[] } {
  const remove = [
    ...(identity.user === undefined ? ['user'] : []),
    ...(identity.info === undefined ? ['info'] : []),
  ];
  return { set: identityOf(identity), remove };
}

/** Whatever the order of the names in `info` is, which DynamoDB does not keep. */
export function isSameIdentity(one: PossibleIdentity, other: PossibleIdentity): boolean {
  return one.user === other.user && isDeepStrictEqual(one.info, other.info);
}
