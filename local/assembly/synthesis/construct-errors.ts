/**
 * Errors that constructs report about themselves (`Annotations.of(…).addError`, cdk-nag). The CDK would not deploy
 * the app, so the runtime reports them.
 */
import type { Assembly } from '../assembly';
import type { OtherResource } from '../model';

/** Rules have long explanations. */
const MAX_CHARACTERS = 160;

/** One entry for each message, with all constructs that report it. */
export function readConstructErrors({ errors }: Assembly): OtherResource[] {
  const paths = new Map<string, string[]>();
  for (const { path, message } of errors) paths.set(message, [...(paths.get(message) ?? []), path]);
  return [...paths].map(([message, [path = '', ...others]]) => ({
    type: 'error',
    path,
    reason: `${others.length === 0 ? 'reports' : `and ${others.length} more report`} ${shorten(message)}`,
    cost: 'the CDK would not deploy this app',
  }));
}

function shorten(message: string): string {
  const text = message.trim().replace(/\s+/g, ' ');
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
