/** Why a request's signature is refused. Each protocol has its own error codes. */
export type FaultKind =
  /** The request is not signed. */
  | 'missing'
  /** Its signature cannot be read. */
  | 'incomplete'
  /** The access key is unknown. */
  | 'unknown key'
  /** The session token does not belong to the key. */
  | 'wrong token'
  | 'mismatch'
  /** Signed too long ago, or in the future. */
  | 'skewed'
  /** The presigned URL has expired. */
  | 'expired'
  /** For another service, region or day. */
  | 'wrong scope';

export class SignatureFault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
    /** The remedy, for the log. */
    readonly remedy?: string,
  ) {
    super(message);
  }
}

export const UNKNOWN_KEY_MESSAGE = 'The security token included in the request is invalid.';
export const MISMATCH_MESSAGE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
