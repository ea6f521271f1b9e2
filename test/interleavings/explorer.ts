/**
 * Drives a world through every order of its steps, depth first. A world is created for each path and driven along it,
 * so that real code with real promises can be explored. A state that was reached before, in any order, ends a path.
 *
 * For two independent steps, one order is enough to reach the states that follow. Once the first order was explored,
 * the first step *sleeps* while the second is explored, until a dependent step comes. This still reaches every state,
 * on fewer paths. Source: P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems" (1996),
 * sleep sets with state matching.
 */

export interface World {
  /** The steps that can happen next, by descriptive names; empty if nothing is left to happen. */
  choices(): string[];
  /** Takes a step, and resolves when everything that follows from it by itself has finished. */
  take(choice: string): Promise<void>;
  /** Whether two steps lead to the same state in either order, and neither prevents the other. */
  independent(one: string, other: string): boolean;
  /** Equal for equal states, whatever led to them. */
  key(): string;
  /** What is wrong in this state, if anything. */
  wrong(): string | undefined;
  /** Runs the world to its end when no steps are left. Returns what is wrong then, if anything. */
  finish(): Promise<string | undefined>;
}

export interface Exploration {
  /** The number of different states. */
  states: number;
  /** The number of paths, each driven to its end or to a known state. */
  paths: number;
  /** Whether the limit ended the exploration. */
  complete: boolean;
}

/** An order that fails, step by step. */
export class WrongOrder extends Error {
  constructor(
    what: string,
    readonly steps: string[],
  ) {
    super(`${what}\n${printed(steps)}`);
  }
}

/** A point where paths branch. */
interface Branch {
  steps: string[];
  /** Steps that need not be taken from here until a dependent step comes. */
  sleeping: string[];
}

/** @throws WrongOrder with the first order that fails */
export async function explore(makeWorld: () => Promise<World>, maxStates: number): Promise<Exploration> {
  /** Each known state, with the steps that slept each time it was reached. */
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

/** Drives one world along the steps and reports each result, and then to its end if nothing is left to happen. */
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

/** The steps of a printed order. Other lines are ignored. */
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
