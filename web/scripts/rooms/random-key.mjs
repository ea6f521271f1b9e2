/** An unguessable key. Unlike `crypto.randomUUID`, this also works on pages that were not loaded over HTTPS. */

const BYTES = 16;

export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
