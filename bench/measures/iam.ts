/** Measures what IAM costs for each message: the round trip with IAM, and with `--no-iam`. */
import type { Row } from '../page';
import { ServerProcess } from '../server-process';
import { measureRoundTrip } from './round-trip';
import type { Sides } from './sides';

/** Compares two runs of the app, which take turns. `start` runs the app. */
export async function measureIam(start: string[], directory: string): Promise<Row[]> {
  const checked = await ServerProcess.start([...start, '--app', 'bench/app'], directory);
  const open = await ServerProcess.start([...start, '--app', 'bench/app', '--no-iam'], directory);
  const sides = (stage: string): Sides => ({
    ours: { server: checked, url: checked.url(stage) },
    baseline: { server: open, url: open.url(stage) },
  });
  try {
    return [
      ...(await measureRoundTrip(sides('plain'), 'plain handler, posted back with the SDK', 'hello')),
      ...(await measureRoundTrip(sides('library'), "library's write, after a look at the table", 'hello')),
    ];
  } finally {
    await Promise.all([checked.stop(), open.stop()]);
  }
}
