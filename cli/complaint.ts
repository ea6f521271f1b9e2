/** What a command prints when it fails: a message for an error that the user can fix, a stack trace for a bug. */
import { SharedConnectionError } from '../lib/errors';
import { printableLines } from '../local/printable';
import { UserError } from '../local/user-error';
import { printable } from './text';

const NOT_REACHED = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EPIPE'],
]);

export function complaint(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  if (error instanceof UserError) return printableLines(error.message);
  if (error instanceof SharedConnectionError) return printable(error.message);
  if (isNotReached(error)) return printable(`There is no answer: ${reasonOf(error)}`);
  if ('$metadata' in error) return printable(`AWS answered ${error.name}: ${error.message}`);
  if (isNotSetUp(error)) {
    return printable(`Cannot call AWS: ${error.message}. Set AWS_REGION and credentials, or AWS_PROFILE.`);
  }
  return error.stack ?? error.message;
}

/** Whether the connection was refused. */
export function isNotReached(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && NOT_REACHED.has(code)) || error.name === 'TimeoutError';
}

/** If a name has several addresses, each has its own error, and the outer error has no message. */
export function reasonOf(error: Error): string {
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}

/** What the SDK was missing before it sent a request. */
function isNotSetUp({ name, message }: Error): boolean {
  return /^(Credentials|Token)ProviderError$/.test(name) || message.startsWith('Region is missing');
}
