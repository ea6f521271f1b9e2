/** Reads parts that may not be supported. An error affects only its part, and is listed in `notRun`. */
import { UserError } from '../user-error';
import type { OtherResource } from './model';
import type { Resource } from './values/resource';

export class Attempts {
  readonly notRun: OtherResource[] = [];

  /** `undefined` if the part cannot be read. */
  try<Read>({ type, path }: Resource, read: () => Read): Read | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const cost = `${path.replace(/\/(Resource|Default)$/, '')} delivers only partly`;
      this.notRun.push({ type, path, reason: error.message, cost });
      return undefined;
    }
  }

  /** Reads a part of something that works without it. */
  leaveOut({ type, path }: Resource, reason: string): void {
    this.notRun.push({ type, path, reason });
  }
}
