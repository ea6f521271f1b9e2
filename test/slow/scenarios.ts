/** What each grant of a function is needed for, and how to show it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DeployedRole } from './deployed-role';
import type { Place } from './deployment';
import type { FunctionCalls } from './function-calls';

/**
 * How long after the denial an attempt without the grant must not have succeeded. This is long for something that
 * takes milliseconds.
 */
const UNDONE_MILLISECONDS = 500;

/** Resolves only if it succeeds. Without the grant, it may never settle. */
type Attempt<Actors> = (actors: Actors, role: DeployedRole) => Promise<unknown>;

export interface Scenario<Actors> {
  function: Place;
  grant: string;
  /** What the grant is needed for. */
  to: string;
  attempt: Attempt<Actors>;
}

export function scenarios<Actors>(
  place: Place,
  byGrant: Record<string, [to: string, attempt: Attempt<Actors>]>,
): Scenario<Actors>[] {
  return Object.entries(byGrant).map(([grant, [to, attempt]]) => ({ function: place, grant, to, attempt }));
}

/**
 * With all grants, nothing is denied. Without this grant, it is denied to this role, and the attempt does not
 * succeed.
 */
export async function expectToNeed<Actors>(
  { grant, attempt }: Omit<Scenario<Actors>, 'function'>,
  actors: Actors,
  role: DeployedRole,
  calls: FunctionCalls,
): Promise<void> {
  calls.forgetDenials();
  await attempt(actors, role);
  expect(calls.denials).toEqual([]);

  await role.lacking(grant, async () => {
    const isDone = attempt(actors, role).then(
      () => true,
      () => false,
    );
    await calls.denial(grant, (principal) => role.isMeantBy(principal));
    expect(await Promise.race([isDone, pause(UNDONE_MILLISECONDS, false)])).toBe(false);
  });
}
