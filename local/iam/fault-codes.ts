/** The error codes of AWS's protocols for invalid signatures. */
import type { FaultKind } from './signature-fault';

/** For the JSON protocols and API Gateway, without a namespace. */
export const JSON_FAULTS: Readonly<Record<FaultKind, string>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  'unknown key': 'UnrecognizedClientException',
  'wrong token': 'UnrecognizedClientException',
  mismatch: 'InvalidSignatureException',
  skewed: 'InvalidSignatureException',
  expired: 'InvalidSignatureException',
  'wrong scope': 'InvalidSignatureException',
};

/** For the Query protocol. */
export const QUERY_FAULTS: Readonly<Record<FaultKind, string>> = {
  missing: 'MissingAuthenticationToken',
  incomplete: 'IncompleteSignature',
  'unknown key': 'InvalidClientTokenId',
  'wrong token': 'InvalidClientTokenId',
  mismatch: 'SignatureDoesNotMatch',
  skewed: 'SignatureDoesNotMatch',
  expired: 'RequestExpired',
  'wrong scope': 'SignatureDoesNotMatch',
};

export const S3_FAULTS: Readonly<Record<FaultKind, { code: string; status: number }>> = {
  missing: { code: 'AccessDenied', status: 403 },
  incomplete: { code: 'AuthorizationHeaderMalformed', status: 400 },
  'unknown key': { code: 'InvalidAccessKeyId', status: 403 },
  'wrong token': { code: 'InvalidToken', status: 400 },
  mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
  skewed: { code: 'RequestTimeTooSkewed', status: 403 },
  expired: { code: 'AccessDenied', status: 403 },
  'wrong scope': { code: 'AuthorizationHeaderMalformed', status: 400 },
};
