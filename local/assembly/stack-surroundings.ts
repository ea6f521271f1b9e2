/** What a stack needs from the app around it: defaults, and values of other stacks. */
import type { Json } from './values/json';
import type { OutsideValues } from './values/outside-values';
import type { ReferenceTrail } from './values/reference-trail';
import type { Resource, ResourceStack } from './values/resource';

export interface StackSurroundings {
  /** The values of `AWS::Region` and `AWS::AccountId` if the stack does not set them. */
  region: string;
  accountId: string;
  /** Resolves one value at a time, and detects values that depend on themselves. */
  trail: ReferenceTrail;
  importedValue(exportName: string): Definition | undefined;
  stackOutput(stackName: string, outputName: string, region: string): Definition | undefined;
  /** The parameter that the app stores under a name. */
  storedParameter(name: string): Definition | undefined;
  /** The app's secret with this name or ARN. */
  secret(id: string): Resource | undefined;
  outside: OutsideValues;
}

/** A value from a template of the app. */
export interface Definition {
  stack: ResourceStack;
  value: Json;
  at: string;
}
