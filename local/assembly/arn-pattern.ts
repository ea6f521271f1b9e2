/** Patterns of IAM: `*` stands for any text, `?` for any character. */

/** IAM's ArnLike: a wildcard stands for what is within one of the six parts that colons divide. */
export function isArnLike(arn: string, pattern: string): boolean {
  const [parts, patterns] = [partsOf(arn), partsOf(pattern)];
  return parts.every((part, index) => isGlob(part, patterns[index] ?? ''));
}

export function isGlob(text: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
