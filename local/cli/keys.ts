/** Single keys of a terminal. */

const CTRL_C = '\u0003';

/** Calls what belongs to a key that is pressed. False, and nothing done, where nobody sits at a terminal. */
export function onKeys(actions: Record<string, () => void>): boolean {
  const { stdin } = process;
  if (!stdin.isTTY) return false;
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', (key: string) => {
    // A terminal that gives single keys makes no signal of this one.
    if (key === CTRL_C) process.kill(process.pid, 'SIGINT');
    else actions[key]?.();
  });
  process.on('exit', () => stdin.setRawMode(false));
  return true;
}
