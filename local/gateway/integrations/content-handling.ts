/**
 * Implements `ContentHandlingStrategy`: a client's base64 text becomes bytes for the backend, and the backend's bytes
 * become base64 text. Source: "Working with binary media types for WebSocket APIs".
 */
import type { ContentHandling } from '../../assembly/model/index';

export function bytesForBackend(text: string, handling: ContentHandling | undefined): Buffer {
  return Buffer.from(text, handling === 'CONVERT_TO_BINARY' ? 'base64' : 'utf8');
}

export function textOfAnswer(bytes: Buffer, handling: ContentHandling | undefined): string {
  if (handling === 'CONVERT_TO_TEXT') return bytes.toString('base64');
  if (handling === 'CONVERT_TO_BINARY') return Buffer.from(bytes.toString(), 'base64').toString();
  return bytes.toString();
}
