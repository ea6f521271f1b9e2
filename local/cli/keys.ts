/** Single keys on a terminal. */

const CTRL_C = '\u0003';

/** Calls the action of each pressed key. Returns false and does nothing without a terminal. */
export function onKeys(actions: Record<string, () => void>): boolean {
  const { stdin } = process;
  if (!stdin.isTTY) return false;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', (key: string) => {
    // In raw mode, the terminal sends no signal for this key.
    if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
    else actions[key]?.();
  });
  process.on('exit', () => stdin.setRawMode(false));
  return true;
}
