/** X.509 certificates for one run: an authority, and the certificates of hosts that it signs. Keys stay in memory. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface HostCertificate {
  /** PEM text. */
  cert: string;
  key: string;
}

const VALID_DAYS = 365;
const DAY_MILLIS = 86_400_000;

/** Object identifiers of RFC 5280 and RFC 5758, as in DER. */
const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  subjectKeyIdentifier: '0603551d0e',
  keyUsage: '0603551d0f',
  subjectAltName: '0603551d11',
  basicConstraints: '0603551d13',
  authorityKeyIdentifier: '0603551d23',
  extendedKeyUsage: '0603551d25',
  serverAuth: '06082b06010505070301',
};
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  utf8String: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  /** The context's own types: a version, extensions, a key identifier, a DNS name. */
  version: 0xa0,
  extensions: 0xa3,
  keyIdentifier: 0x80,
  dnsName: 0x82,
};
const SIGN_CERTIFICATES = Buffer.from([2, 0x04]);
const SIGN_DATA = Buffer.from([7, 0x80]);

/** Signs certificates for hosts. A process that trusts `certificate` trusts them. */
export class CertificateAuthority {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** One key pair for all hosts. */
  readonly #hostKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name: string;
  readonly #now: number;
  /** PEM text. */
  readonly certificate: string;

  constructor(name: string, now: number) {
    this.#name = name;
    this.#now = now;
    this.certificate = this.#signed(name, this.#keys.publicKey, [
      extension(OID.basicConstraints, true, sequence(der(TAG.boolean, Buffer.from([0xff])))),
      extension(OID.keyUsage, true, der(TAG.bitString, SIGN_CERTIFICATES)),
    ]);
  }

  forHost(host: string): HostCertificate {
    const cert = this.#signed(host.slice(0, MAX_COMMON_NAME), this.#hostKeys.publicKey, [
      extension(OID.keyUsage, true, der(TAG.bitString, SIGN_DATA)),
      extension(OID.extendedKeyUsage, false, sequence(hex(OID.serverAuth))),
      extension(OID.subjectAltName, false, sequence(der(TAG.dnsName, Buffer.from(host, 'latin1')))),
    ]);
    const key = this.#hostKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert, key };
  }

  #signed(subject: string, key: KeyObject, extensions: Buffer[]): string {
    const algorithm = sequence(hex(OID.ecdsaWithSha256));
    const own = identifierOf(key);
    const issuer = identifierOf(this.#keys.publicKey);
    const content = sequence(
      der(TAG.version, der(TAG.integer, Buffer.from([2]))),
      der(TAG.integer, serialNumber()),
      algorithm,
      nameOf(this.#name),
      sequence(utcTime(this.#now - DAY_MILLIS), utcTime(this.#now + VALID_DAYS * DAY_MILLIS)),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      der(
        TAG.extensions,
        sequence(
          ...extensions,
          extension(OID.subjectKeyIdentifier, false, der(TAG.octetString, own)),
          extension(OID.authorityKeyIdentifier, false, sequence(der(TAG.keyIdentifier, issuer))),
        ),
      ),
    );
    const signature = sign('sha256', content, this.#keys.privateKey);
    const noUnusedBits = Buffer.from([0]);
    return pem(sequence(content, algorithm, der(TAG.bitString, noUnusedBits, signature)));
  }
}

/** RFC 5280's upper bound. The full name is in the subjectAltName. */
const MAX_COMMON_NAME = 64;

function nameOf(commonName: string): Buffer {
  return sequence(der(TAG.set, sequence(hex(OID.commonName), der(TAG.utf8String, Buffer.from(commonName)))));
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return sequence(hex(oid), ...critical, der(TAG.octetString, value));
}

function identifierOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** Positive, and with no leading zeros. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** YYMMDDHHMMSSZ, for years before 2050. */
function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '');
  return der(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`));
}

function sequence(...parts: Uint8Array[]): Buffer {
  return der(TAG.sequence, ...parts);
}

/** A value with its tag and length. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
