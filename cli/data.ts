/** The data to send: an argument, or the standard input without the line break that shells add. */
import { UserError } from '../local/user-error';
import type { Terminal } from './terminal';

/** @throws {UserError} if the input is not text */
export async function dataOrInput(data: string | undefined, terminal: Terminal): Promise<string> {
  if (data !== undefined) return data;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await terminal.input());
    return text.replace(/\r?\n$/, '');
  } catch (error) {
    throw new UserError(
      'The standard input is not UTF-8, and API Gateway sends text only. Encode it, for instance as a data URL: data:;base64,…',
      { cause: error },
    );
  }
}
