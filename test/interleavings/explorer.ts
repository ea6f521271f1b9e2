/**
 * Drives a world through every order of its steps, depth first. A world is made anew for each path and driven along it, so
 * that real code with real promises can be explored; a state that has been reached before, in whatever order, ends a path.
 */

export interface World {
  /** What can happen next, each under a name that says so; none when nothing is left to happen. */
  choices(): string[];
  /** Makes it happen, and resolves when everything that follows from it by itself has come to rest. */
  take(choice: string): Promise<void>;
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

/** @throws WrongOrder with the first order in which something goes wrong. */
export async function explore(makeWorld: () => Promise<World>, maxStates: number): Promise<Exploration> {
  const seen = new Set<string>();
  const waiting: string[][] = [[]];
  let paths = 0;
  for (let prefix = waiting.pop(); prefix; prefix = waiting.pop()) {
    if (seen.size >= maxStates) return { states: seen.size, paths, complete: false };
    const steps = [...prefix];
    const world = await along(makeWorld, steps);
    paths++;
    for (;;) {
      const key = world.key();
      if (seen.has(key)) break;
      seen.add(key);
      const choices = world.choices();
      const [first, ...others] = choices;
      const wrong = world.wrong() ?? (first === undefined ? await world.finish() : undefined);
      if (wrong) throw new WrongOrder(wrong, steps);
      if (first === undefined) break;
      for (const other of others) waiting.push([...steps, other]);
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
