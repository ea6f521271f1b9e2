/** Applies an update to a copy of an item. */
import type { Json } from '../../assembly/values/json';
import {
  type Attributes,
  type AttributeType,
  type AttributeValue,
  attributeOf,
  elements,
  members,
  readValue,
  texts,
  typeOf,
} from '../attribute-value';
import { validationError } from '../dynamodb-error';
import { addNumbers, subtractNumbers } from '../number';
import { type Path, valueAt } from './path';
import type { UpdateAction, UpdateOperand } from './update';

const wrongType = () => validationError('An operand in the update expression has an incorrect data type');

/** @throws {DynamoDbError} if the item lacks what the update needs */
export function applyUpdate(item: Attributes, actions: readonly UpdateAction[]): Attributes {
  // Every operand refers to the item before the update.
  const changes = actions.map((action): Change => ({ path: action.path, value: valueAfter(action, item) }));
  let updated: AttributeValue = { M: item };
  for (const change of inOrder(changes)) updated = changed(updated, change.path, change.value);
  refuseTooDeep(updated, changes);
  return members(updated.M);
}

interface Change {
  path: Path;
  /** Undefined to remove the value. */
  value: AttributeValue | undefined;
}

/** List elements are removed from the end, so that the other indexes stay valid. They are set in order. */
function inOrder(changes: Change[]): Change[] {
  const sets = changes.filter(({ value }) => value !== undefined);
  const removals = changes.filter(({ value }) => value === undefined);
  const position = ({ path }: Change) => {
    const last = path.at(-1);
    return typeof last === 'number' ? last : -1;
  };
  return [
    ...sets.sort((a, b) => position(a) - position(b)),
    ...removals.sort((a, b) => position(b) - position(a)),
  ];
}

function valueAfter(action: UpdateAction, item: Attributes): AttributeValue | undefined {
  switch (action.kind) {
    case 'remove':
      return undefined;
    case 'set':
      return resolve(action.operand, item);
    case 'add':
      return added(valueAt(action.path, item), action.value);
    case 'delete':
      return withoutElements(valueAt(action.path, item), action.value);
  }
}

function resolve(operand: UpdateOperand, item: Attributes): AttributeValue {
  if (operand.kind === 'value') return operand.value ?? {};
  if (operand.kind === 'path') {
    const value = valueAt(operand.path, item);
    if (value) return value;
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  }
  const [first, second] = operand.operands as [UpdateOperand, UpdateOperand];
  if (operand.name === 'if_not_exists') {
    return (first.kind === 'path' && valueAt(first.path, item)) || resolve(second, item);
  }
  const [left, right] = [resolve(first, item), resolve(second, item)];
  if (operand.name === 'list_append') {
    if (left.L === undefined || right.L === undefined) throw wrongType();
    return { L: [...elements(left.L), ...elements(right.L)] };
  }
  if (left.N === undefined || right.N === undefined) throw wrongType();
  const combine = operand.name === '+' ? addNumbers : subtractNumbers;
  return { N: combine(String(left.N), String(right.N)) };
}

/** The result of ADD: a sum, or a set with more members. */
export function added(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  const type = typeOf(value);
  if (existing && typeOf(existing) !== type) throw wrongType();
  if (type === 'N') return { N: addNumbers(String(existing?.N ?? '0'), String(value.N)) };
  return { [type]: [...new Set([...texts(existing?.[type] ?? []), ...texts(value[type])])] };
}

/** What DELETE leaves of a set; undefined if nothing is left. */
export function withoutElements(
  existing: AttributeValue | undefined,
  value: AttributeValue,
): AttributeValue | undefined {
  if (!existing) return undefined;
  const type = typeOf(value);
  if (typeOf(existing) !== type) throw wrongType();
  const gone = new Set(texts(value[type]));
  const left = texts(existing[type]).filter((text) => !gone.has(text));
  return left.length === 0 ? undefined : { [type]: left };
}

function changed(
  parent: AttributeValue,
  [step, ...rest]: Path,
  value: AttributeValue | undefined,
): AttributeValue {
  if (step === undefined) return parent;
  const type: AttributeType = typeof step === 'number' ? 'L' : 'M';
  if (parent[type] === undefined) {
    throw validationError('The document path provided in the update expression is invalid for update');
  }
  if (typeof step === 'number') return changedList(elements(parent.L), step, rest, value);
  const map = members(parent.M);
  if (rest.length > 0) return { M: { ...map, [step]: changed(attributeOf(map, step) ?? {}, rest, value) } };
  if (value !== undefined) return { M: { ...map, [step]: value } };
  const { [step]: _removed, ...left } = map;
  return { M: left };
}

function changedList(
  list: AttributeValue[],
  at: number,
  rest: Path,
  value: AttributeValue | undefined,
): AttributeValue {
  if (rest.length > 0) {
    const child = changed(list[at] ?? {}, rest, value);
    return { L: list.map((element, index): Json => (index === at ? child : element)) };
  }
  if (value === undefined) return { L: list.filter((_, index) => index !== at) };
  // An element set beyond the end is appended.
  if (at >= list.length) return { L: [...list, value] };
  return { L: list.map((element, index): Json => (index === at ? value : element)) };
}

/** Refuses an update that nests too deeply. */
function refuseTooDeep(updated: AttributeValue, changes: Change[]): void {
  if (!changes.some(({ path, value }) => path.length > 1 || value?.L || value?.M)) return;
  for (const value of Object.values(members(updated.M))) readValue(value);
}
