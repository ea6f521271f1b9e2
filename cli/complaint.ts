/** What a command says when it fails: one line for what a person can mend, the stack trace for a fault of the program's own. */
import { SharedConnectionError } from '../lib/errors';
import { UserError } from '../local/user-error';
import { printable } from './text';

const NOT_REACHED = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN', 'EPIPE'],
]);

export function complaint(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  if (error instanceof UserError || error instanceof SharedConnectionError) return printable(error.message);
  if (isNotReached(error)) return printable(`Nothing answers: ${reasonOf(error)}`);
  if ('$metadata' in error) return printable(`AWS says ${error.name}: ${error.message}`);
  if (isNotSetUp(error)) {
    return printable(
      `AWS cannot be asked: ${error.message}. Set AWS_REGION and credentials, or AWS_PROFILE.`,
    );
  }
  return error.stack ?? error.message;
}

/** Whether nobody listens where a request went. */
export function isNotReached(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && NOT_REACHED.has(code)) || error.name === 'TimeoutError';
}

/** Of a name with several addresses, each has failed, and the error itself says nothing. */
export function reasonOf(error: Error): string {
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}

/** What the SDK found missing before it could ask. */
function isNotSetUp({ name, message }: Error): boolean {
  return /^(Credentials|Token)ProviderError$/.test(name) || message.startsWith('Region is missing');
}
