/** The conditions of a pattern for one value: the value itself, or an operator such as `{ "prefix": "a" }`. */
import { BlockList, isIP } from 'node:net';
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { PatternError } from './pattern-error';

/** Takes a scalar value, or `undefined` if it is missing. */
export type LeafMatcher = (value: string | number | boolean | null | undefined) => boolean;

type Operator = (argument: Json, path: string) => LeafMatcher;

/** EventBridge's limit for `numeric`. */
const MAX_NUMBER = 5e9;

export function leafMatcher(rule: Json, path: string): LeafMatcher {
  if (Array.isArray(rule)) throw new PatternError(`an array in an array, at ${path}`);
  if (!isObject(rule)) return (value) => value === rule;
  return operatorMatcher(rule, OPERATORS, path);
}

function operatorMatcher(rule: JsonObject, operators: Record<string, Operator>, path: string): LeafMatcher {
  const [entry, ...others] = Object.entries(rule);
  const operator = entry && Object.hasOwn(operators, entry[0]) ? operators[entry[0]] : undefined;
  if (!entry || !operator)
    throw new PatternError(`Unrecognized match type ${entry?.[0] ?? '{}'}, at ${path}`);
  if (others.length > 0) throw new PatternError(`Only one key allowed in match expression, at ${path}`);
  return operator(entry[1], path);
}

const TEXT_OPERATORS: Record<string, Operator> = {
  prefix: (argument, path) => {
    const ignored = caseIgnored(argument);
    if (ignored !== undefined) return onText((text) => text.toLowerCase().startsWith(ignored));
    const prefix = text(argument, 'prefix', path);
    return onText((value) => value.startsWith(prefix));
  },
  suffix: (argument, path) => {
    const ignored = caseIgnored(argument);
    if (ignored !== undefined) return onText((value) => value.toLowerCase().endsWith(ignored));
    const suffix = text(argument, 'suffix', path);
    return onText((value) => value.endsWith(suffix));
  },
  'equals-ignore-case': (argument, path) => {
    const wanted = text(argument, 'equals-ignore-case', path).toLowerCase();
    return onText((value) => value.toLowerCase() === wanted);
  },
  wildcard: (argument, path) => wildcard(text(argument, 'wildcard', path), path),
};

const OPERATORS: Record<string, Operator> = {
  ...TEXT_OPERATORS,
  exists: (argument, path) => {
    if (typeof argument !== 'boolean') throw new PatternError(`exists must be true or false, at ${path}`);
    return (value) => (value !== undefined) === argument;
  },
  'anything-but': anythingBut,
  numeric,
  cidr,
};

function onText(matches: (text: string) => boolean): LeafMatcher {
  return (value) => typeof value === 'string' && matches(value);
}

function text(argument: Json, operator: string, path: string): string {
  if (typeof argument === 'string') return argument;
  throw new PatternError(`${operator} match pattern must be a string, at ${path}`);
}

/** For `{ "prefix": { "equals-ignore-case": "a" } }`: the text in lower case. */
function caseIgnored(argument: Json): string | undefined {
  const wanted = isObject(argument) ? argument['equals-ignore-case'] : undefined;
  return typeof wanted === 'string' ? wanted.toLowerCase() : undefined;
}

/**
 * `*` matches any characters; `\*` and `\\` match a star and a backslash. This is not a regular expression, because
 * hostile text could make one slow.
 */
function wildcard(pattern: string, path: string): LeafMatcher {
  const pieces = [''];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '\\') {
      index += 1;
      const escaped = pattern.charAt(index);
      if (escaped !== '*' && escaped !== '\\')
        throw new PatternError(`Invalid escape character in wildcard, at ${path}`);
      pieces[pieces.length - 1] += escaped;
    } else if (character === '*') {
      if (pattern[index + 1] === '*') throw new PatternError(`Consecutive wildcard characters, at ${path}`);
      pieces.push('');
    } else pieces[pieces.length - 1] += character;
  }
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  return onText((value) => {
    if (last === undefined) return value === first;
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let position = first.length;
    for (const piece of rest) {
      const found = value.indexOf(piece, position);
      if (found < 0) return false;
      position = found + piece.length;
    }
    return position <= value.length - last.length;
  });
}

function anythingBut(argument: Json, path: string): LeafMatcher {
  if (isObject(argument)) {
    const [name = '', value = null] = Object.entries(argument)[0] ?? [];
    const excluded = (Array.isArray(value) ? value : [value]).map((one) =>
      operatorMatcher({ ...argument, [name]: one }, TEXT_OPERATORS, path),
    );
    if (excluded.length === 0) throw new PatternError(`Empty arrays are not allowed, at ${path}`);
    return (given) => given !== undefined && !excluded.some((matches) => matches(given));
  }
  const excluded = Array.isArray(argument) ? argument : [argument];
  if (excluded.length === 0) throw new PatternError(`Empty arrays are not allowed, at ${path}`);
  if (excluded.some((one) => typeof one === 'object' && one !== null)) {
    throw new PatternError(`anything-but takes texts and numbers, at ${path}`);
  }
  return (value) => value !== undefined && !excluded.includes(value);
}

const COMPARISONS: Record<string, (value: number, limit: number) => boolean> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

/** `["=", 3]`, or a range as `[">", 0, "<=", 5]`. */
function numeric(argument: Json, path: string): LeafMatcher {
  const list = Array.isArray(argument) ? argument : [];
  const conditions: ((value: number) => boolean)[] = [];
  for (let index = 0; index < list.length; index += 2) {
    const comparison = String(list[index]);
    const compare = Object.hasOwn(COMPARISONS, comparison) ? COMPARISONS[comparison] : undefined;
    const limit = list[index + 1];
    if (!compare) throw new PatternError(`Unrecognized numeric range operator ${comparison}, at ${path}`);
    if (typeof limit !== 'number' || Math.abs(limit) > MAX_NUMBER) {
      throw new PatternError(`Value of ${comparison} must be a number between -5.0E9 and 5.0E9, at ${path}`);
    }
    conditions.push((value) => compare(value, limit));
  }
  if (conditions.length === 0 || conditions.length > 2) {
    throw new PatternError(`numeric takes one comparison or a range of two, at ${path}`);
  }
  return (value) => typeof value === 'number' && conditions.every((holds) => holds(value));
}

/** A network as `10.0.0.0/24` or `2001:db8::/32`, or one address. */
function cidr(argument: Json, path: string): LeafMatcher {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text(argument, 'cidr', path)) ?? [];
  const family = isIP(address);
  const length = bits === undefined ? undefined : Number(bits);
  if (family === 0 || (length ?? 0) > (family === 4 ? 32 : 128)) {
    throw new PatternError(`Malformed CIDR, at ${path}`);
  }
  const network = new BlockList();
  const name = family === 4 ? 'ipv4' : 'ipv6';
  if (length === undefined) network.addAddress(address, name);
  else network.addSubnet(address, length, name);
  return onText((value) => isIP(value) === family && network.check(value, name));
}
