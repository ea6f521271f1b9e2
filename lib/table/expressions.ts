/** Writes conditions and changes as DynamoDB expressions, with a placeholder for every name and value. */
import type { Condition } from './conditions';
import type { Value } from './item';
import type { Change, Members } from './table';

export class Expressions {
  readonly #names = new Map<string, string>();
  readonly #values: Record<string, Value | Set<string>> = {};

  /** The request's `ExpressionAttributeNames` and `ExpressionAttributeValues`. Call it last. */
  placeholders() {
    const values = Object.keys(this.#values).length > 0;
    return {
      ...(this.#names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries([...this.#names].map(([name, key]) => [key, name])),
      }),
      ...(values && { ExpressionAttributeValues: this.#values }),
    };
  }

  /** The request's `ConditionExpression`, or nothing. */
  condition(condition: Condition): { ConditionExpression?: string } {
    return condition.kind === 'always' ? {} : { ConditionExpression: this.#condition(condition) };
  }

  #condition(condition: Condition): string {
    switch (condition.kind) {
      case 'always':
        throw new TypeError('always cannot be part of another condition. Leave it out.');
      case 'exists':
        return `attribute_exists(${this.name(condition.attribute)})`;
      case 'absent':
        return `attribute_not_exists(${this.name(condition.attribute)})`;
      case 'equals':
        return `${this.name(condition.attribute)} = ${this.value(condition.value)}`;
      case 'lessThan':
        return `${this.name(condition.attribute)} < ${this.value(condition.value)}`;
      case 'atMost':
        return `${this.name(condition.attribute)} <= ${this.value(condition.value)}`;
      case 'differs':
        return `${this.name(condition.attribute)} <> ${this.name(condition.other)}`;
      case 'lacks':
        return `NOT contains(${this.name(condition.attribute)}, ${this.value(condition.member)})`;
      case 'all':
      case 'any':
        return condition.of
          .map((part) => `(${this.#condition(part)})`)
          .join(condition.kind === 'all' ? ' AND ' : ' OR ');
    }
  }

  /** The request's `UpdateExpression`. */
  update(change: Change): { UpdateExpression: string } {
    const set = [
      ...Object.entries(change.set ?? {}).map(([name, value]) => `${this.name(name)} = ${this.value(value)}`),
      ...Object.entries(change.setIfAbsent ?? {}).map(
        ([name, value]) => `${this.name(name)} = if_not_exists(${this.name(name)}, ${this.value(value)})`,
      ),
    ];
    const add = [
      ...Object.entries(change.add ?? {}).map(([name, value]) => `${this.name(name)} ${this.value(value)}`),
      ...this.#memberships(change.addTo),
    ];
    const deleted = this.#memberships(change.deleteFrom);
    const remove = (change.remove ?? []).map((name) => this.name(name));
    const clauses = [
      set.length > 0 && `SET ${set.join(', ')}`,
      add.length > 0 && `ADD ${add.join(', ')}`,
      remove.length > 0 && `REMOVE ${remove.join(', ')}`,
      deleted.length > 0 && `DELETE ${deleted.join(', ')}`,
    ];
    return { UpdateExpression: clauses.filter(Boolean).join(' ') };
  }

  /** The document client sends a `Set` as a string set, and an array as a list. */
  #memberships(sets: { [attribute: string]: Members } = {}): string[] {
    return Object.entries(sets).map(
      ([name, members]) => `${this.name(name)} ${this.value(new Set(members))}`,
    );
  }

  name(attribute: string): string {
    const known = this.#names.get(attribute);
    if (known) return known;
    const key = `#n${this.#names.size}`;
    this.#names.set(attribute, key);
    return key;
  }

  value(value: Value | Set<string>): string {
    const key = `:v${Object.keys(this.#values).length}`;
    this.#values[key] = value;
    return key;
  }
}
