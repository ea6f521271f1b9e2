import { UserError } from '../../user-error';

/** The references that are being resolved, outermost first. */
export class ReferenceTrail {
  readonly #steps: string[] = [];

  /** @throws {UserError} if `step` depends on itself */
  follow<Value>(step: string, action: () => Value): Value {
    const start = this.#steps.indexOf(step);
    if (start >= 0) {
      const circle = [...this.#steps.slice(start), step].join(' -> ');
      throw new UserError(
        `References form a cycle: ${circle}. Give one of these resources an explicit name, or break the cycle.`,
      );
    }
    this.#steps.push(step);
    try {
      return action();
    } finally {
      this.#steps.pop();
    }
  }
}
