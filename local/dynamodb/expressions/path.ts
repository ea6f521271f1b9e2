/** Document paths: `list[2].name`. */
import type { Json } from '../../assembly/values/json';
import { type Attributes, type AttributeValue, attributeOf, elements, members } from '../attribute-value';

/** Names and list indexes, from the item inwards. */
export type Path = (string | number)[];

export function valueAt(path: Path, item: Attributes): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const step of path) value = value && childAt(value, step);
  return value;
}

function childAt(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return value.L === undefined ? undefined : elements(value.L)[step];
  return value.M === undefined ? undefined : attributeOf(members(value.M), step);
}

export function pathText(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;
}

export function areSamePaths(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

/** Whether one is part of the other, or they use the same value as a list and as a map. */
export function collisionOf(a: Path, b: Path): 'overlap' | 'conflict' | undefined {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [one, other] = [a[index], b[index]];
    if (typeof one !== typeof other) return 'conflict';
    if (one !== other) return undefined;
  }
  return 'overlap';
}

/** The requested parts of a value: all of it, or some of its members. */
interface Wanted {
  all: boolean;
  steps: Map<string | number, Wanted>;
}

/** The parts of an item at these paths. Elements of lists keep their order without gaps. */
export function project(item: Attributes, paths: readonly Path[]): Attributes {
  const wanted: Wanted = { all: false, steps: new Map() };
  for (const path of paths) {
    let place = wanted;
    for (const step of path) {
      const next = place.steps.get(step) ?? { all: false, steps: new Map() };
      place.steps.set(step, next);
      place = next;
    }
    place.all = true;
  }
  return members(pick({ M: item }, wanted)?.M ?? {});
}

function pick(value: AttributeValue, { all, steps }: Wanted): AttributeValue | undefined {
  if (all) return value;
  const isList = value.L !== undefined;
  const found: [string | number, AttributeValue][] = [];
  for (const [step, wanted] of steps) {
    const child = childAt(value, step);
    const picked = child && pick(child, wanted);
    if (picked) found.push([step, picked]);
  }
  if (found.length === 0) return undefined;
  if (!isList) return { M: Object.fromEntries(found) };
  const inOrder = found.sort(([a], [b]) => Number(a) - Number(b)).map(([, picked]): Json => picked);
  return { L: inOrder };
}
