/** Like CloudFormation, refuses a template whose resources depend on each other in a cycle. */
import { UserError } from '../../user-error';
import type { Stack } from '../stack';
import { isObject, type Json, listAt } from './json';
import type { Resource } from './resource';

/** @throws {UserError} with the resources of the cycle */
export function refuseReferenceCycles(stack: Stack): void {
  const resources = new Map(stack.resources().map((resource) => [resource.logicalId, resource]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (logicalId: string): void => {
    if (done.has(logicalId)) return;
    const start = path.indexOf(logicalId);
    if (start >= 0) throw circle([...path.slice(start), logicalId], resources, stack);
    path.push(logicalId);
    for (const other of dependencies(resources.get(logicalId))) if (resources.has(other)) visit(other);
    path.pop();
    done.add(logicalId);
  };
  for (const logicalId of resources.keys()) visit(logicalId);
}

function circle(logicalIds: string[], resources: Map<string, Resource>, stack: Stack): UserError {
  const paths = logicalIds.map((logicalId) => resources.get(logicalId)?.path ?? logicalId);
  return new UserError(
    `${stack.files.templateFile}: circular dependency: ${paths.join(' -> ')}. CloudFormation refuses such a template; move one of these references into a resource of its own (for instance an AWS::IAM::Policy beside the role).`,
  );
}

function dependencies(resource: Resource | undefined): Set<string> {
  const found = new Set<string>();
  if (!resource) return found;
  const dependsOn = isObject(resource.definition) ? resource.definition.DependsOn : undefined;
  for (const logicalId of typeof dependsOn === 'string'
    ? [dependsOn]
    : listAt({ dependsOn: dependsOn ?? [] }, 'dependsOn')) {
    if (typeof logicalId === 'string') found.add(logicalId);
  }
  collect(resource.properties, found);
  return found;
}

function collect(value: Json, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isObject(value)) {
    const { Ref: reference, 'Fn::GetAtt': attribute, 'Fn::Sub': substitution } = value;
    if (typeof reference === 'string') found.add(reference);
    const [attributeOf] = Array.isArray(attribute) ? attribute : [attribute];
    if (typeof attributeOf === 'string') found.add(attributeOf.split('.')[0] ?? '');
    const [pattern] = Array.isArray(substitution) ? substitution : [substitution];
    if (typeof pattern === 'string') {
      for (const [, name = ''] of pattern.matchAll(/\$\{([^!}][^}]*)\}/g))
        found.add(name.trim().split('.')[0] ?? '');
    }
    for (const child of Object.values(value)) collect(child, found);
  }
}
