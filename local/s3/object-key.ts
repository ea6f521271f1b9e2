/** Maps keys of objects to paths of files. Slashes separate folders. */
import { sep } from 'node:path';
import { S3Error } from './s3-error';

/** S3's limit, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;
/** The usual limit of file systems. */
const MAX_NAME_BYTES = 255;

/** The names of the folders and of the file, or `undefined` if the key cannot be a file. */
export function namesIn(key: string): string[] | undefined {
  return keyFault(key) === undefined ? key.split('/') : undefined;
}

/**
 * The names of the folders and of the file for a key to write.
 * @throws {S3Error} if the key cannot be a file, even if S3 allows it
 */
export function namesToWrite(key: string): string[] {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error(400, 'KeyTooLongError', `Your key is too long; ${MAX_KEY_BYTES} bytes are allowed`);
  }
  const fault = keyFault(key);
  if (fault === undefined) return key.split('/');
  throw new S3Error(
    400,
    'InvalidRequest',
    `The key ${JSON.stringify(key)} ${fault}. A folder acts as this bucket, so keys must be paths of visible files in it.`,
    { Key: key },
  );
}

/** Why a key cannot be a file here, as a predicate such as "is empty"; undefined if it can. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.includes('\0')) return 'contains a NUL';
  // On Windows, a backslash separates folders. Elsewhere, it is an ordinary character.
  if (sep === '\\' && key.includes('\\')) return 'contains a backslash';
  if (key.endsWith('/')) return 'ends with a slash';
  const names = key.split('/');
  if (names.includes('')) return 'begins with a slash, or has two in a row';
  if (names.some(isHidden)) return 'has a part that begins with a dot';
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES))
    return `has a part of more than ${MAX_NAME_BYTES} bytes`;
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `has more than ${MAX_KEY_BYTES} bytes`;
  return undefined;
}

/** Files that are not objects: hidden ones, and unfinished uploads. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** In events, and in lists with `encoding-type=url`: a space becomes a plus, a slash stays. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}
