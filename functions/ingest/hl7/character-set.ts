/** The character sets of MSH-18, as far as a scan needs them to read its fields. */
import { MessageFault } from './scanned-record';

type Decode = (bytes: Uint8Array) => string;

const decodeUtf8: Decode = (bytes) =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

/**
 * Table 0211 of HL7 v2, without sets whose bytes may look like delimiters (Big5, GB 18030, ISO 2022). Those are read
 * if every byte is ASCII.
 */
function decoderOf(name: string): Decode | undefined {
  const [, part] = /^8859\/(1|2|3|4|5|6|7|8|9|15)$/.exec(name) ?? [];
  // In TextDecoder, the label iso-8859-1 means another set.
  if (part === '1') return (bytes) => Buffer.from(bytes).toString('latin1');
  if (part !== undefined) {
    const decoder = new TextDecoder(`iso-8859-${part}`, { fatal: true });
    return (bytes) => decoder.decode(bytes);
  }
  return ['', 'ASCII', 'UNICODE', 'UNICODE UTF-8'].includes(name) ? decodeUtf8 : undefined;
}

/** Only names from the table may be reported. Any other text may contain patient data. */
const TELLING_NAME =
  /^(ASCII|8859\/\d{1,2}|UNICODE|UNICODE UTF-(8|16|32)|ISO IR\d{1,3}|GB 18030-2000|KS X 1001|CNS 11643-1992|BIG-5)$/;

/**
 * A field's text.
 * @param field its bytes, one for each character
 * @param name the first value of MSH-18, if any
 * @throws {MessageFault} if the field has non-ASCII bytes that the set does not explain
 */
export function decodeField(field: string, name: string, position: string): string {
  if (isAscii(field)) return field;
  const bytes = Buffer.from(field, 'latin1');
  try {
    const text = decoderOf(name)?.(bytes);
    if (text !== undefined) return text;
  } catch {
    // The bytes are not in the declared set.
  }
  throw new MessageFault({
    name: 'CharacterSet',
    rule: 'non-ASCII bytes must be in the character set of MSH-18, which must be ASCII, UNICODE UTF-8 or 8859/1 to 8859/15',
    value: `${position}, MSH-18 ${TELLING_NAME.test(name) ? name : name === '' ? 'empty' : `of ${name.length} bytes`}`,
  });
}

/** Escape sequences switch to another set of ISO 2022. */
function isAscii(field: string): boolean {
  return [...field].every((byte) => byte < '\x80' && byte !== '\x1b');
}
