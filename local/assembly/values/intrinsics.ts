/** CloudFormation's intrinsic functions: turns a value from a template into the value that CloudFormation would see. */
import { subnets } from './cidr';
import { resolveReferences, type StoredValues } from './dynamic-references';
import { isObject, type Json, type JsonObject, textAt } from './json';

/** What an expression can refer to in its template. `at` is the expression's own place, for messages. */
export interface Scope extends StoredValues {
  readonly region: string;
  reference(name: string, at: string): Json | undefined;
  attribute(logicalId: string, name: string, at: string): Json | undefined;
  condition(name: string, at: string): boolean;
  mapping(name: string, at: string): JsonObject;
  importedValue(exportName: string, at: string): Json | undefined;
  /** An output of another stack, exported or not; from a given region, if there is one. */
  stackOutput(stackName: string, outputName: string, region: string | undefined, at: string): Json;
  /** A value that no template has: set by the user under one of the names, or a placeholder. */
  outsideValue(names: [string, ...string[]], at: string, text: string): Json;
}

/** The resolved value; `undefined` for AWS::NoValue. */
export function resolve(value: Json, scope: Scope, at: string): Json | undefined {
  if (typeof value === 'string') return resolveReferences(value, scope, at);
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolve(item, scope, `${at}[${index}]`))
      .filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const intrinsic = INTRINSICS[name];
    if (!intrinsic) throw scope.mistake(at, `the intrinsic function ${name} is not known here`);
    return intrinsic(value[name] as Json, scope, at);
  }
  const resolved: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    const item = resolve(child, scope, `${at}.${key}`);
    if (item !== undefined) resolved[key] = item;
  }
  return resolved;
}

/** A condition: a defined one by name, or an operand of Fn::And, Fn::Or and Fn::Not. */
export function resolveCondition(value: Json, scope: Scope, at: string): boolean {
  if (typeof value === 'boolean') return value;
  if (isObject(value)) {
    if (typeof value.Condition === 'string') return scope.condition(value.Condition, at);
    const operator = Object.keys(value)[0] ?? '';
    const operands = value[operator];
    if (Array.isArray(operands)) {
      if (operator === 'Fn::And') return operands.every((operand) => resolveCondition(operand, scope, at));
      if (operator === 'Fn::Or') return operands.some((operand) => resolveCondition(operand, scope, at));
      if (operator === 'Fn::Not') return !resolveCondition(operands[0] ?? null, scope, at);
      if (operator === 'Fn::Equals') return equals(operands, scope, at);
    }
  }
  throw scope.mistake(at, `${JSON.stringify(value)} is not a condition`);
}

type Intrinsic = (argument: Json, scope: Scope, at: string) => Json | undefined;

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (argument, scope, at) => scope.reference(text(argument, scope, at, 'Ref'), at),
  'Fn::GetAtt': getAttribute,
  'Fn::Sub': substitute,
  'Fn::Join': join,
  'Fn::Select': select,
  'Fn::Split': split,
  'Fn::FindInMap': findInMap,
  'Fn::If': choose,
  'Fn::Equals': (argument, scope, at) => equals(list(argument, scope, at, 'Fn::Equals'), scope, at),
  'Fn::And': (argument, scope, at) => resolveCondition({ 'Fn::And': argument }, scope, at),
  'Fn::Or': (argument, scope, at) => resolveCondition({ 'Fn::Or': argument }, scope, at),
  'Fn::Not': (argument, scope, at) => resolveCondition({ 'Fn::Not': argument }, scope, at),
  'Fn::Base64': (argument, scope, at) =>
    Buffer.from(text(resolve(argument, scope, at), scope, at, 'Fn::Base64')).toString('base64'),
  'Fn::ImportValue': (argument, scope, at) =>
    scope.importedValue(text(resolve(argument, scope, at), scope, at, 'Fn::ImportValue'), at),
  'Fn::GetAZs': (argument, scope, at) => {
    const region = resolve(argument, scope, at) || scope.region;
    return ['a', 'b', 'c'].map((zone) => `${String(region)}${zone}`);
  },
  'Fn::Cidr': cidr,
  'Fn::GetStackOutput': stackOutput,
  'Fn::Transform': (argument, scope, at) => {
    const macro = textAt(argument, 'Name') ?? 'unnamed';
    return scope.outsideValue([`Fn::Transform ${macro}`], at, `the macro ${macro} runs on AWS only`);
  },
  'Fn::Length': (argument, scope, at) => list(resolve(argument, scope, at), scope, at, 'Fn::Length').length,
  'Fn::ToJsonString': (argument, scope, at) => JSON.stringify(resolve(argument, scope, at)),
};

function getAttribute(argument: Json, scope: Scope, at: string): Json | undefined {
  if (typeof argument === 'string') {
    const [logicalId = '', ...attribute] = argument.split('.');
    return scope.attribute(logicalId, attribute.join('.'), at);
  }
  const [logicalId, ...attribute] = list(argument, scope, at, 'Fn::GetAtt');
  const names = attribute.map((part) => text(resolve(part, scope, at), scope, at, 'Fn::GetAtt'));
  return scope.attribute(text(logicalId, scope, at, 'Fn::GetAtt'), names.join('.'), at);
}

function substitute(argument: Json, scope: Scope, at: string): string {
  const [pattern, variables] = Array.isArray(argument) ? argument : [argument];
  const substituted = text(pattern, scope, at, 'Fn::Sub').replace(
    /\$\{([^}]+)\}/g,
    (_, expression: string) => {
      if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
      const name = expression.trim();
      const given = isObject(variables) ? variables[name] : undefined;
      if (given !== undefined) return text(resolve(given, scope, at), scope, at, `Fn::Sub of \${${name}}`);
      const dot = name.indexOf('.');
      const value =
        dot < 0 ? scope.reference(name, at) : scope.attribute(name.slice(0, dot), name.slice(dot + 1), at);
      return text(value, scope, at, `Fn::Sub of \${${name}}`);
    },
  );
  return resolveReferences(substituted, scope, at);
}

function join(argument: Json, scope: Scope, at: string): string {
  const [delimiter, values] = list(argument, scope, at, 'Fn::Join');
  const parts = list(resolve(values ?? null, scope, at), scope, at, 'Fn::Join');
  const texts = parts.map((part) => text(part, scope, at, 'Fn::Join'));
  return resolveReferences(texts.join(text(delimiter, scope, at, 'Fn::Join')), scope, at);
}

function select(argument: Json, scope: Scope, at: string): Json | undefined {
  const [index, values] = list(argument, scope, at, 'Fn::Select');
  const items = list(resolve(values ?? null, scope, at), scope, at, 'Fn::Select');
  const item = items[Number(resolve(index ?? null, scope, at))];
  if (item === undefined) {
    throw scope.mistake(at, `Fn::Select has no item ${JSON.stringify(index)} in a list of ${items.length}`);
  }
  return item;
}

function split(argument: Json, scope: Scope, at: string): string[] {
  const [delimiter, source] = list(argument, scope, at, 'Fn::Split');
  return text(resolve(source ?? null, scope, at), scope, at, 'Fn::Split').split(
    text(delimiter, scope, at, 'Fn::Split'),
  );
}

function findInMap(argument: Json, scope: Scope, at: string): Json | undefined {
  const [map, top, second, options] = list(argument, scope, at, 'Fn::FindInMap');
  const [name, ...keys] = [map, top, second].map((part) =>
    text(resolve(part ?? null, scope, at), scope, at, 'Fn::FindInMap'),
  );
  let value: Json | undefined = scope.mapping(name ?? '', at);
  for (const key of keys) value = isObject(value) ? value[key] : undefined;
  if (value !== undefined) return value;
  if (isObject(options) && options.DefaultValue !== undefined)
    return resolve(options.DefaultValue, scope, at);
  throw scope.mistake(at, `Fn::FindInMap: the mapping ${name} has no value for ${keys.join(', ')}`);
}

function choose(argument: Json, scope: Scope, at: string): Json | undefined {
  const [condition, yes, no] = list(argument, scope, at, 'Fn::If');
  const holds = scope.condition(text(condition, scope, at, 'Fn::If'), at);
  return resolve((holds ? yes : no) ?? null, scope, at);
}

function cidr(argument: Json, scope: Scope, at: string): string[] {
  const [block, count, hostBits] = list(argument, scope, at, 'Fn::Cidr').map((part) =>
    text(resolve(part, scope, at), scope, at, 'Fn::Cidr'),
  );
  const found = subnets(block ?? '', Number(count), Number(hostBits ?? 8));
  if (found) return found;
  throw scope.mistake(at, `Fn::Cidr: ${block} has no ${count} blocks of ${hostBits} bits`);
}

function stackOutput(argument: Json, scope: Scope, at: string): Json {
  const [stackName, outputName, region] = ['StackName', 'OutputName', 'Region'].map((key) => {
    const value = isObject(argument) ? argument[key] : undefined;
    return value === undefined
      ? undefined
      : text(resolve(value, scope, at), scope, at, `Fn::GetStackOutput ${key}`);
  });
  return scope.stackOutput(stackName ?? '', outputName ?? '', region, at);
}

function equals(operands: Json[], scope: Scope, at: string): boolean {
  const [left, right] = operands.map((operand) => resolve(operand, scope, at));
  return JSON.stringify(stringified(left)) === JSON.stringify(stringified(right));
}

function stringified(value: Json | undefined): Json | undefined {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

function text(value: Json | undefined, scope: Scope, at: string, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw scope.mistake(at, `${what} needs text, but got ${JSON.stringify(value) ?? 'AWS::NoValue'}`);
}

function list(value: Json | undefined, scope: Scope, at: string, what: string): Json[] {
  if (Array.isArray(value)) return value;
  throw scope.mistake(at, `${what} needs a list, but got ${JSON.stringify(value) ?? 'AWS::NoValue'}`);
}
