/** Versions and aliases of functions. */
import type { Assembly } from '../assembly';
import { functionNameIn } from '../values/function-arn';

/** The versions behind each function's qualifiers: `{ live: '1', 1: '1' }` by function name. */
export function readQualifiers(assembly: Assembly): Map<string, Record<string, string>> {
  const byFunction = new Map<string, Record<string, string>>();
  const add = (functionName: string | undefined, qualifier: string, version: string) => {
    const name = functionNameIn(functionName ?? '');
    byFunction.set(name, { ...byFunction.get(name), [qualifier]: version });
  };
  for (const version of assembly.resources('AWS::Lambda::Version')) {
    const number = String(version.stack.attribute(version.logicalId, 'Version', 'Resources'));
    add(version.text('FunctionName'), number, number);
  }
  for (const alias of assembly.resources('AWS::Lambda::Alias')) {
    add(alias.text('FunctionName'), alias.text('Name') ?? '', alias.text('FunctionVersion') ?? '$LATEST');
  }
  return byFunction;
}
