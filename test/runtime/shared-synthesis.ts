/**
 * One synthesis of an app for all test files of a run. The first file that needs it creates it, and the others wait.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MILLIS = 50;

/**
 * The folder of the app's assembly, which must not be changed.
 * @param name identifies this synthesis within the run
 * @param synthesizeInto creates the assembly in the given folder
 */
export async function sharedSynthesis(
  name: string,
  synthesizeInto: (directory: string) => Promise<void>,
): Promise<string> {
  const runDirectory = process.env.SHARED_SYNTHESES;
  if (runDirectory === undefined)
    throw new Error('jest.config.js names the global setup that sets SHARED_SYNTHESES.');
  const directory = join(runDirectory, createHash('sha256').update(name).digest('hex').slice(0, 16));
  while (!existsSync(directory)) {
    if (claims(`${directory}.claim`)) {
      try {
        // Another test file may have finished between the check and the claim.
        if (existsSync(directory)) break;
        await synthesizeInto(`${directory}.making`);
        renameSync(`${directory}.making`, directory);
      } finally {
        rmSync(`${directory}.claim`, { recursive: true });
      }
    } else {
      await wait(POLL_MILLIS);
    }
  }
  return directory;
}

/** Whether this process creates it. After a failure, the next test file tries again and fails by itself. */
function claims(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
