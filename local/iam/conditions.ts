/**
 * The condition operators of IAM policies.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { isArnLike } from '../assembly/permissions/arn-pattern';
import { isGlob, literalInGlob } from '../glob';
import type { Condition } from './policy-statement';
import { withVariables } from './policy-variables';
import type { RequestContext } from './request-context';

/** Whether a value of the request matches a value of the policy. */
type Comparison = (value: string, wanted: string) => boolean;

const SET_PREFIX = /^(ForAllValues|ForAnyValue):/;
const IF_EXISTS = /IfExists$/;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ['StringEquals', (value, wanted) => value === wanted],
  ['StringEqualsIgnoreCase', (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', isGlob],
  ['NumericEquals', numeric((value, wanted) => value === wanted)],
  ['NumericLessThan', numeric((value, wanted) => value < wanted)],
  ['NumericLessThanEquals', numeric((value, wanted) => value <= wanted)],
  ['NumericGreaterThan', numeric((value, wanted) => value > wanted)],
  ['NumericGreaterThanEquals', numeric((value, wanted) => value >= wanted)],
  ['DateEquals', dated((value, wanted) => value === wanted)],
  ['DateLessThan', dated((value, wanted) => value < wanted)],
  ['DateLessThanEquals', dated((value, wanted) => value <= wanted)],
  ['DateGreaterThan', dated((value, wanted) => value > wanted)],
  ['DateGreaterThanEquals', dated((value, wanted) => value >= wanted)],
  ['Bool', (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ['BinaryEquals', (value, wanted) => value === wanted],
  ['IpAddress', isInRange],
  ['ArnEquals', isArnLike],
  ['ArnLike', isArnLike],
]);

/** The comparisons with wildcards. */
const WITH_WILDCARDS: ReadonlySet<Comparison> = new Set([isGlob, isArnLike]);

/** `StringNotEquals` and the like: no value of the policy may match by the positive comparison. */
const NEGATED: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['NumericNotEquals', 'NumericEquals'],
  ['DateNotEquals', 'DateEquals'],
  ['NotIpAddress', 'IpAddress'],
  ['ArnNotEquals', 'ArnEquals'],
  ['ArnNotLike', 'ArnLike'],
]);

export function isKnownOperator(operator: string): boolean {
  const name = plainName(operator);
  return name === 'Null' || COMPARISONS.has(name) || NEGATED.has(name);
}

export function conditionsHold(conditions: readonly Condition[], context: RequestContext): boolean {
  return conditions.every((condition) => holds(condition, context));
}

function holds({ operator, key, values }: Condition, context: RequestContext): boolean {
  const found = context(key);
  const given = found && found.length > 0 ? found : undefined;
  const name = plainName(operator);
  if (name === 'Null')
    return values.some((value) => (value.toLowerCase() === 'true') === (given === undefined));
  const negates = NEGATED.get(name);
  const comparison = COMPARISONS.get(negates ?? name);
  if (!comparison) return false;
  const [, set] = SET_PREFIX.exec(operator) ?? [];
  if (given === undefined) {
    if (set !== undefined) return set === 'ForAllValues' || IF_EXISTS.test(operator);
    return negates !== undefined || IF_EXISTS.test(operator);
  }
  const special = WITH_WILDCARDS.has(comparison) ? literalInGlob : undefined;
  const wanted = values.flatMap((value) => withVariables(value, context, special) ?? []);
  const matches = (value: string) => wanted.some((one) => comparison(value, one)) !== (negates !== undefined);
  const isForAll = set === 'ForAllValues' || (set === undefined && negates !== undefined);
  return isForAll ? given.every(matches) : given.some(matches);
}

function plainName(operator: string): string {
  return operator.replace(SET_PREFIX, '').replace(IF_EXISTS, '');
}

function numeric(compare: (value: number, wanted: number) => boolean): Comparison {
  return (value, wanted) => compare(Number(value), Number(wanted));
}

/** ISO 8601, or seconds since the epoch. */
function dated(compare: (value: number, wanted: number) => boolean): Comparison {
  const millis = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text));
  return (value, wanted) => compare(millis(value), millis(wanted));
}

function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  if (!(family === 'ipv6' ? isIPv6(address) : isIPv4(address) && isIPv4(network))) return false;
  const most = family === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? most : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > most) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
