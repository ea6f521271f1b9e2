/** Builds the names, ids and ARNs of resources, which CloudFormation generates where a template has none. */
import { hashText, physicalName } from './physical-names';
import type { Resource } from './resource';

type OfResource = (resource: Resource) => string;

const FIFO_SUFFIX = '.fifo';

export function named(property: string, maxLength: number, lowerCase = false): OfResource {
  return (resource) => {
    const name = resource.text(property);
    if (name !== undefined) return name;
    const derived = physicalName(resource.stack.name, resource.logicalId, maxLength);
    return lowerCase ? derived.toLowerCase() : derived;
  };
}

/** The name of a FIFO queue or topic ends with `.fifo`, even if CloudFormation generates it. */
export function namedFifo(property: string, maxLength: number, flag: string): OfResource {
  return (resource) => {
    if (!resource.flag(flag) || resource.text(property) !== undefined)
      return named(property, maxLength)(resource);
    return `${named(property, maxLength - FIFO_SUFFIX.length)(resource)}${FIFO_SUFFIX}`;
  };
}

export function identified(length: number): OfResource {
  return ({ stack, logicalId }) => hashText(`${stack.name}/${logicalId}`, length);
}

export function arn(service: string, resourcePart: OfResource): OfResource {
  return (resource) => resource.stack.arn(service, resourcePart(resource));
}

/** ARNs of IAM and S3 have no region; those of S3 have no account either. */
export function globalArn(service: 'iam' | 's3', part: OfResource): OfResource {
  return (resource) => {
    const account = service === 's3' ? '' : resource.stack.accountId;
    return `arn:${resource.stack.partition}:${service}::${account}:${part(resource)}`;
  };
}

export function iam(
  kind: string,
  nameProperty: string,
): { name: (r: Resource) => string; arn: (r: Resource) => string } {
  const name = named(nameProperty, 64);
  return {
    name,
    arn: globalArn('iam', (resource) => `${kind}${resource.text('Path') ?? '/'}${name(resource)}`),
  };
}
