import { UserError } from '../../user-error';

/** The references that are being resolved, outermost first. */
export class ReferenceTrail {
  readonly #steps: string[] = [];

  /** @throws {UserError} if resolving `step` needs `step` itself. */
  follow<Value>(step: string, action: () => Value): Value {
    const start = this.#steps.indexOf(step);
    if (start >= 0) {
      const circle = [...this.#steps.slice(start), step].join(' -> ');
      throw new UserError(
        `References go in a circle: ${circle}. Give one of these resources a name of its own, or break the circle.`,
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
