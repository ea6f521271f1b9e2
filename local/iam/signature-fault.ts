/** Why a request's signature is not taken. Each protocol has codes of its own for it. */
export type FaultKind =
  /** The request is not signed. */
  | 'missing'
  /** It is signed in a way that cannot be read. */
  | 'incomplete'
  /** Nobody here has that access key. */
  | 'unknown key'
  /** The session token is not the one that belongs to the key. */
  | 'wrong token'
  | 'mismatch'
  /** Signed too long ago, or in the future. */
  | 'skewed'
  /** A presigned URL whose time is over. */
  | 'expired'
  /** For another service, region or day. */
  | 'wrong scope';

export class SignatureFault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
  ) {
    super(message);
  }
}

export const UNKNOWN_KEY_MESSAGE = 'The security token included in the request is invalid.';
export const MISMATCH_MESSAGE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
