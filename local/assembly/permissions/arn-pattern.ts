/** ARN patterns, as in IAM's condition operators. */
import { isGlob } from '../../glob';

/** IAM's ArnLike: a wildcard matches within one of the six colon-separated parts. */
export function isArnLike(arn: string, pattern: string): boolean {
  const [parts, patterns] = [partsOf(arn), partsOf(pattern)];
  return parts.every((part, index) => isGlob(part, patterns[index] ?? ''));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
