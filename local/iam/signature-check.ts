/** Verifies a signature: signs the request again with the secret of its access key, and compares. */
import { timingSafeEqual } from 'node:crypto';
import {
  canonicalRequest,
  type Scope,
  sha256,
  signatureOf,
  signingKey,
  stringToSign,
} from './canonical-request';
import type { Identities, Identity } from './identities';
import { MISMATCH_MESSAGE, SignatureFault, UNKNOWN_KEY_MESSAGE } from './signature-fault';
import {
  basicFormat,
  fromBasicFormat,
  presignedQuery,
  type RequestHead,
  readFormSignature,
  readSignature,
  type SignatureParts,
} from './signed-request';

/** The largest accepted clock difference. */
const MAX_SKEW_MILLIS = 5 * 60_000;
const MAX_SKEW_MILLIS_S3 = 15 * 60_000;
/** How long a presigned URL may be valid. */
const MAX_EXPIRES_SECONDS = 7 * 24 * 60 * 60;
/** Bounds the cached signing keys. An app needs one for each function, service and day. */
const MAX_KEYS = 500;

const EMPTY_HASH = sha256('');
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

export interface SignatureCheckOptions {
  identities: Identities;
  /** The app's region, for which functions must sign. People may sign for any region. */
  region: () => string;
  /**
   * The times, in milliseconds since the epoch, that may be used to sign. SDKs sign by the system's clock, or by the
   * time in a response's Date header, which is the runtime's. @default the system's
   */
  times?: () => number[];
}

export class SignatureCheck {
  readonly #options: SignatureCheckOptions;
  readonly #keys = new Map<string, Buffer>();

  constructor(options: SignatureCheckOptions) {
    this.#options = options;
  }

  /**
   * Returns the caller that signed the request.
   * @param service the service that the signature must be for
   * @param body undefined for S3, whose header `x-amz-content-sha256` has the hash of the body
   * @throws {SignatureFault} if the signature is not valid
   */
  verify(request: RequestHead, service: string, body: Buffer | undefined): Identity {
    const parts = readSignature(request);
    if (parts === undefined) throw new SignatureFault('missing', 'Missing Authentication Token');
    if (parts === 'incomplete') throw incomplete();
    const identity = this.#identityOf(parts);
    this.#checkScope(parts, service, identity);
    this.#checkTimes(parts, service);
    const payloadHash =
      body === undefined ? claimedHash(request) : body.length === 0 ? EMPTY_HASH : sha256(body);
    const canonical = canonicalRequest(request, { service, signedHeaders: parts.signedHeaders, payloadHash });
    const key = this.#key(identity.credentials.secretAccessKey, parts);
    const expected = signatureOf(key, stringToSign(parts.timestamp, parts, canonical));
    if (timingSafeEqual(expected, Buffer.from(parts.signature, 'hex'))) return identity;
    throw new SignatureFault('mismatch', MISMATCH_MESSAGE);
  }

  /**
   * Returns the caller that signed the policy of an upload form to S3.
   * @throws {SignatureFault} if the signature is not valid
   */
  verifyForm(fields: ReadonlyMap<string, string>): Identity {
    const policy = fields.get('policy');
    if (policy === undefined) throw new SignatureFault('missing', 'Missing Authentication Token');
    const parts = readFormSignature(fields);
    if (parts === 'incomplete') throw incomplete();
    const identity = this.#identityOf(parts);
    this.#checkScope(parts, 's3', identity);
    this.#checkTimes({ ...parts, expiresSeconds: MAX_EXPIRES_SECONDS }, 's3');
    const expected = signatureOf(this.#key(identity.credentials.secretAccessKey, parts), policy);
    if (timingSafeEqual(expected, Buffer.from(parts.signature, 'hex'))) return identity;
    throw new SignatureFault('mismatch', MISMATCH_MESSAGE);
  }

  #identityOf({ accessKeyId, sessionToken }: SignatureParts): Identity {
    const identity = this.#options.identities.find(accessKeyId);
    if (!identity) throw new SignatureFault('unknown key', UNKNOWN_KEY_MESSAGE);
    if (sessionToken !== identity.credentials.sessionToken)
      throw new SignatureFault('wrong token', UNKNOWN_KEY_MESSAGE);
    return identity;
  }

  #checkScope(
    { signedHeaders, timestamp, ...scope }: SignatureParts,
    service: string,
    identity: Identity,
  ): void {
    if (!signedHeaders.includes('host')) {
      throw new SignatureFault(
        'wrong scope',
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
      );
    }
    if (scope.service !== service) {
      throw new SignatureFault(
        'wrong scope',
        `Credential should be scoped to correct service: '${service}'. `,
      );
    }
    const region = this.#options.region();
    if (identity.kind === 'function' && scope.region !== region && service !== 's3') {
      throw new SignatureFault(
        'wrong scope',
        `Credential should be scoped to a valid region, not '${scope.region}'. `,
        `The client in ${identity.functionName} is for ${scope.region}, but the app runs in ${region}. Start with --region ${scope.region}, or let the client use AWS_REGION.`,
      );
    }
    if (timestamp.slice(0, 8) === scope.day) return;
    throw new SignatureFault(
      'wrong scope',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.day}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
    );
  }

  /** The signature must be valid at one of the times. */
  #checkTimes(parts: SignatureParts, service: string): void {
    const faults = (this.#options.times?.() ?? [Date.now()]).map((now) => timeFault(parts, service, now));
    const [first] = faults;
    if (first !== undefined && faults.every((fault) => fault !== undefined)) throw first;
  }

  /** Cached, because deriving a key costs more than the rest, and it is valid for a day. */
  #key(secretAccessKey: string, { day, region, service }: Scope): Buffer {
    const name = `${secretAccessKey} ${day} ${region} ${service}`;
    const known = this.#keys.get(name);
    if (known) return known;
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    const key = signingKey(secretAccessKey, { day, region, service });
    this.#keys.set(name, key);
    return key;
  }
}

/** S3 verifies the hash that the client claims, and compares it with the body once that has arrived. */
function claimedHash({ url = '', headers }: RequestHead): string {
  const query = presignedQuery(url);
  const claimed = headers['x-amz-content-sha256'] ?? query?.get('X-Amz-Content-Sha256');
  return typeof claimed === 'string' ? claimed : query ? UNSIGNED_PAYLOAD : EMPTY_HASH;
}

/** The latest timestamp, because all requests of a second have the same. */
let known: { timestamp: string; millis: number | undefined } | undefined;

function millisOf(timestamp: string): number | undefined {
  if (known?.timestamp !== timestamp) known = { timestamp, millis: fromBasicFormat(timestamp) };
  return known.millis;
}

function timeFault(
  { timestamp, expiresSeconds }: SignatureParts,
  service: string,
  now: number,
): SignatureFault | undefined {
  const signedAt = millisOf(timestamp);
  if (signedAt === undefined) return incomplete();
  const skew = service === 's3' ? MAX_SKEW_MILLIS_S3 : MAX_SKEW_MILLIS;
  const minutes = skew / 60_000;
  if (signedAt > now + skew) {
    return skewed(
      service,
      `Signature not yet current: ${timestamp} is still later than ${basicFormat(now + skew)} (${basicFormat(now)} + ${minutes} min.)`,
    );
  }
  if (expiresSeconds !== undefined) {
    const lasts = Math.min(expiresSeconds, MAX_EXPIRES_SECONDS) * 1000;
    return signedAt + lasts < now ? new SignatureFault('expired', 'Request has expired') : undefined;
  }
  if (signedAt >= now - skew) return undefined;
  return skewed(
    service,
    `Signature expired: ${timestamp} is now earlier than ${basicFormat(now - skew)} (${basicFormat(now)} - ${minutes} min.)`,
  );
}

function skewed(service: string, message: string): SignatureFault {
  return new SignatureFault(
    'skewed',
    service === 's3' ? 'The difference between the request time and the current time is too large.' : message,
  );
}

function incomplete(): SignatureFault {
  return new SignatureFault(
    'incomplete',
    "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
  );
}
