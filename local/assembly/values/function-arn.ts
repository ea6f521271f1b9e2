/** The parts of a function's ARN. */

/** A function's name from its name, or its partial or full ARN, with or without a version or alias. */
export function functionNameIn(nameOrArn: string): string {
  const [, name] = /(?:^|:)function:([^:]+)(?::[^:]+)?$/.exec(nameOrArn) ?? [];
  return name ?? nameOrArn.split(':')[0] ?? nameOrArn;
}

/** The version or alias at the end of a function's ARN, partial ARN or name. */
export function qualifierIn(nameOrArn: string): string | undefined {
  const [, qualifier] =
    /(?:^|:)function:[^:]+:([^:]+)$/.exec(nameOrArn) ?? /^[^:]+:([^:]+)$/.exec(nameOrArn) ?? [];
  return qualifier;
}
