/** What is to be sent: an argument, or the standard input without the line end that shells put there. */
import type { Terminal } from './terminal';

export async function dataOrInput(data: string | undefined, terminal: Terminal): Promise<string> {
  return data ?? (await terminal.input()).replace(/\r?\n$/, '');
}
