/**
 * Prints the hash of the password on standard input:
 * `printf %s "$PASSWORD" | npx tsx functions/notifications/hash-password.ts`
 */
import { text } from 'node:stream/consumers';
import { PasswordHash } from './password-hash';

async function main(): Promise<void> {
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new Error('Pass the password on standard input.');
  process.stdout.write(`${await PasswordHash.of(password)}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
