/** Recognizes segments by their names. */

/** Segments that appear early in a message. A file that begins with one has lost its beginning. */
const LATER_SEGMENTS = new Set(
  'AL1 DG1 ERR EVN FT1 IN1 MFI MSA NK1 NTE OBR OBX ORC PD1 PID PV1 PV2 QAK QPD QRD RXA SCH SFT TXA'.split(
    ' ',
  ),
);

/** Three characters: a capital letter, then capital letters or digits. */
export function isSegmentName(text: string): boolean {
  return /^[A-Z][A-Z0-9]{2}$/.test(text);
}

/** Whether a file that begins with this segment has lost its beginning. */
export function isLaterSegment(name: string): boolean {
  return LATER_SEGMENTS.has(name);
}
