/** The lines of the start that list what is not run. */
import { lossLines, unknownValueLines } from '../assembly/losses';
import type { App, OtherResource, UnknownValue } from '../assembly/model';
import { shortPath } from './details';

/** How many reasons without a cost a start shows without --verbose. */
const MAX_REASONS = 6;
/** Types of resources without further details. */
const MAX_TYPES = 5;
const MAX_COLUMNS = 100;

/** One line for each thing with a cost, for each unknown value, and for each reason. The rest is counted by type. */
export function notRunLines(
  resources: OtherResource[],
  { unknownValues }: Pick<App, 'unknownValues'>,
  isVerbose: boolean,
): string[] {
  const harmless = resources.filter(({ cost }) => cost === undefined);
  const reasons = isVerbose
    ? harmless.filter(hasReason).map(reasonLine)
    : gathered(harmless.filter(hasReason));
  const shown = isVerbose ? reasons : reasons.slice(0, MAX_REASONS);
  const more = reasons.length - shown.length;
  const counted = countByType(
    harmless.filter((resource) => !hasReason(resource)),
    isVerbose,
  );
  const lines = [
    ...lossLines(resources),
    ...(isVerbose ? unknownValueLines(unknownValues) : unknownNames(unknownValues)),
    ...shown.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more: --verbose lists them`] : []),
    ...(counted === '' ? [] : [`  ${counted}`]),
  ];
  if (lines.length <= 1) return lines.map((line) => `Not run or not enforced here: ${line.trim()}`);
  return ['Not run or not enforced here:', ...lines];
}

/** Several names on a line. */
function unknownNames(values: UnknownValue[]): string[] {
  if (values.length === 0) return [];
  const lines: string[] = [];
  for (const { name } of values) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < MAX_COLUMNS)
      lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(`    ${name}`);
  }
  return [
    '  placeholders stand for values that only AWS knows; set them with --parameter NAME=VALUE or --env-vars FILE:',
    ...lines,
  ];
}

function hasReason({ reason }: OtherResource): boolean {
  return reason !== undefined;
}

/** One line for everything with the same reason. */
function gathered(resources: OtherResource[]): string[] {
  const groups = new Map<string, OtherResource[]>();
  for (const resource of resources) {
    const key = `${resource.type}\n${resource.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), resource]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    if (!first) return '';
    return others.length === 0 ? reasonLine(first) : `${first.type} (${others.length + 1}): ${first.reason}`;
  });
}

function reasonLine({ type, path, reason = '' }: OtherResource): string {
  return reason.startsWith(path) ? reason : `${shortPath(path)}: ${type}: ${reason}`;
}

function countByType(resources: OtherResource[], isVerbose: boolean): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) counts.set(type, (counts.get(type) ?? 0) + 1);
  if (!isVerbose && counts.size > MAX_TYPES) {
    return `${resources.length} resources of ${counts.size} other types: --verbose lists them`;
  }
  return [...counts].map(([type, count]) => (count === 1 ? type : `${count} ${type}`)).join(', ');
}
