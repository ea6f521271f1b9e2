/** Policy variables, such as `${aws:PrincipalArn}`, in resources and in the values of conditions. */
import type { RequestContext } from './request-context';

const VARIABLE = /\$\{([^}]*)\}/g;
const DEFAULT = /^([^,]+),\s*'(.*)'$/;

export function hasVariables(text: string): boolean {
  return text.includes('${');
}

/** `${*}`, `${?}` and `${$}` stand for these characters themselves. */
const SPECIAL = new Set(['*', '?', '$']);

/**
 * Inserts the request's values. Undefined if the request lacks one, because the text then matches nothing.
 * @param special how to write a special character that stands for itself. @default as it is
 */
export function withVariables(
  text: string,
  context: RequestContext,
  special: (character: string) => string = (character) => character,
): string | undefined {
  if (!hasVariables(text)) return text;
  let isComplete = true;
  const replaced = text.replace(VARIABLE, (_, inner: string) => {
    if (SPECIAL.has(inner)) return special(inner);
    const [, name = inner, otherwise] = DEFAULT.exec(inner) ?? [];
    const values = context(name.trim().toLowerCase());
    const value = values?.length === 1 ? values[0] : otherwise;
    if (value === undefined) isComplete = false;
    return value ?? '';
  });
  return isComplete ? replaced : undefined;
}
