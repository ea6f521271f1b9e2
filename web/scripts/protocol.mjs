/** The format of chat lines: base64 text and times. For reading frames, see frames.mjs. */

/** API Gateway closes a connection that sends a larger frame, and browsers send each message as one frame. */
export const MAX_FRAME_BYTES = 32 * 1024;

const encoder = new TextEncoder();
const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');

export function encodeText(text) {
  const bytes = encoder.encode(text);
  let binary = '';
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(binary);
}

/** Current clients send UTF-8. The tutorial's clients send Latin-1, which is rarely valid UTF-8. */
export function decodeText(base64) {
  let binary;
  try {
    binary = atob(base64);
  } catch {
    return String(base64);
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

/** The frame of a line, or how many bytes it is too long. */
export function lineFrame(text, author) {
  const frame = JSON.stringify({ Message: encodeText(text), Author: author });
  const excess = encoder.encode(frame).length - MAX_FRAME_BYTES;
  return excess > 0 ? { excess } : { frame };
}

/** `YYYY-MM-DD hh:mm:ss` is in UTC. */
export function timeOf(sent) {
  const time = new Date(`${String(sent).replace(' ', 'T')}Z`);
  return Number.isNaN(time.getTime()) ? new Date() : time;
}
