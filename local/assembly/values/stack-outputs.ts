import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { StackOutput, StackSummary } from '../model';
import type { Stack } from '../stack';
import { isObject, textAt } from './json';

export function readStacks(assembly: Assembly): StackSummary[] {
  return topStacks(assembly).map(({ name, stackId, files }) => {
    const description = textAt(files.template, 'Description');
    return { name, stackId, ...(description ? { description } : {}) };
  });
}

/** The CDK passes values between stacks with these. */
const OF_THE_CDK = /^(ExportsOutput|PublishOutput)/;

/** The outputs whose values are known here, without the exports that the CDK creates between stacks. */
export function readOutputs(assembly: Assembly, isUnknown = (_: string) => false): StackOutput[] {
  const outputs: StackOutput[] = [];
  for (const stack of topStacks(assembly)) {
    for (const { name, definition, at } of stack.outputs()) {
      if (OF_THE_CDK.test(name) || !isObject(definition) || definition.Value === undefined) continue;
      try {
        const value = String(stack.resolve(definition.Value, `${at}.Value`));
        if (isUnknown(value)) continue;
        const description = textAt(definition, 'Description');
        outputs.push({
          stack: stack.name,
          name,
          value,
          ...(description ? { description } : {}),
        });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
  }
  return outputs;
}

function topStacks(assembly: Assembly): Stack[] {
  return assembly.stacks.filter(({ parent }) => parent === undefined);
}
