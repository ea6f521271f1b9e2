/**
 * Drives a world through every order of its steps, depth first. A world is made anew for each path and driven along it, so
 * that real code with real promises can be explored; a state that has been reached before, in whatever order, ends a path.
 *
 * Of two independent steps one order is enough to reach what both lead to: where the first has been explored, it *sleeps* while the
 * second is, until a step comes that depends on it. Every state is still reached, by fewer paths. Source: P. Godefroid,
 * "Partial-Order Methods for the Verification of Concurrent Systems" (1996), sleep sets with state matching.
 */

export interface World {
  /** What can happen next, each under a name that says so; none when nothing is left to happen. */
  choices(): string[];
  /** Makes it happen, and resolves when everything that follows from it by itself has come to rest. */
  take(choice: string): Promise<void>;
  /** Whether two of the choices lead to the same state in either order, and neither prevents the other. */
  independent(one: string, other: string): boolean;
  /** Equal for equal states, whatever led to them. */
  key(): string;
  /** What is wrong in this state, if anything. */
  wrong(): string | undefined;
  /** Plays the world to its end when nothing is left to choose; what is wrong then, if anything. */
  finish(): Promise<string | undefined>;
}

export interface Exploration {
  /** Different states seen. */
  states: number;
  /** Paths driven to their end, or to a state seen before. */
  paths: number;
  /** Whether the bound ended it. */
  complete: boolean;
}

/** An order in which something goes wrong, step by step. */
export class WrongOrder extends Error {
  constructor(
    what: string,
    readonly steps: string[],
  ) {
    super(`${what}\n${printed(steps)}`);
  }
}

/** Where a path branches off. */
interface Branch {
  steps: string[];
  /** What need not be taken from there on, until something comes that depends on it. */
  sleeping: string[];
}

/** @throws WrongOrder with the first order in which something goes wrong. */
export async function explore(makeWorld: () => Promise<World>, maxStates: number): Promise<Exploration> {
  /** Each state seen, with what has slept whenever it was reached. */
  const seen = new Map<string, string[]>();
  const waiting: Branch[] = [{ steps: [], sleeping: [] }];
  let paths = 0;
  for (let branch = waiting.pop(); branch; branch = waiting.pop()) {
    if (seen.size >= maxStates) return { states: seen.size, paths, complete: false };
    const { steps } = branch;
    let { sleeping } = branch;
    const world = await along(makeWorld, steps);
    paths++;
    for (;;) {
      const choices = world.choices();
      const key = world.key();
      const sleptBefore = seen.get(key);
      if (!sleptBefore) {
        const wrong = world.wrong() ?? (choices.length === 0 ? await world.finish() : undefined);
        if (wrong) throw new WrongOrder(wrong, steps);
      }
      const open = (sleptBefore ?? choices).filter((choice) => !sleeping.includes(choice));
      if (sleptBefore) sleeping = sleeping.filter((choice) => sleptBefore.includes(choice));
      seen.set(key, sleeping);
      const [first, ...others] = open;
      if (first === undefined) break;
      const branches = others.map((other, n) => ({
        steps: [...steps, other],
        sleeping: [...sleeping, ...open.slice(0, n + 1)].filter((choice) => world.independent(choice, other)),
      }));
      waiting.push(...branches.reverse());
      sleeping = sleeping.filter((choice) => world.independent(choice, first));
      steps.push(first);
      await world.take(first);
    }
  }
  return { states: seen.size, paths, complete: true };
}

/** Drives one world along the steps, telling what each leads to, and to its end if that is where they lead. */
export async function replay(
  makeWorld: () => Promise<World>,
  steps: string[],
  tell: (line: string) => void,
): Promise<string | undefined> {
  const world = await along(makeWorld, steps, (step, then) => tell(`${step}\n      → ${then.join(' | ')}`));
  return world.wrong() ?? (world.choices().length === 0 ? world.finish() : undefined);
}

export function printed(steps: string[]): string {
  return steps.map((step, n) => `${String(n + 1).padStart(3)}. ${step}`).join('\n');
}

/** The steps of a printed order, other lines left out. */
export function parsed(print: string): string[] {
  return print.split('\n').flatMap((line) => /^\s*\d+\. (.+)$/.exec(line)?.[1] ?? []);
}

async function along(
  makeWorld: () => Promise<World>,
  steps: string[],
  tell?: (step: string, then: string[]) => void,
): Promise<World> {
  const world = await makeWorld();
  for (const [n, step] of steps.entries()) {
    const choices = world.choices();
    if (!choices.includes(step)) {
      throw new Error(
        `Step ${n + 1}, "${step}", cannot happen here; these can:\n${choices.map((choice) => `  ${choice}`).join('\n')}`,
      );
    }
    await world.take(step);
    tell?.(step, world.choices());
  }
  return world;
}
