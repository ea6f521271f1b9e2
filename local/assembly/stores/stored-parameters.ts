/** An app's parameters in the parameter store of Systems Manager. */
import type { StoredParameter } from '../model';
import { type Json, objectAt } from '../values/json';
import type { AppResources, Resource } from '../values/resource';

export const PARAMETER = 'AWS::SSM::Parameter';
/** With `crossRegionReferences`, the CDK passes values between regions through the parameter store. */
export const EXPORT_WRITER = 'Custom::CrossRegionExportWriter';

/** @throws {UserError} for a SecureString, which CloudFormation cannot create */
export function readStoredParameters(app: AppResources): StoredParameter[] {
  return app.resources(PARAMETER).map((resource) => {
    const type = resource.text('Type') ?? 'String';
    if (type !== 'String' && type !== 'StringList') {
      throw resource.mistake(
        `its Type is ${type}; CloudFormation creates only String and StringList. Create a SecureString by hand, and set its value here with --parameter NAME=VALUE`,
      );
    }
    const name = resource.ref;
    return {
      path: resource.path,
      name,
      arn: resource.stack.arn('ssm', `parameter/${name.replace(/^\//, '')}`),
      type,
      value: resource.text('Value') ?? '',
    };
  });
}

/** The value that a resource stores under a name, as written in its template. */
export function storedIn(resource: Resource, name: string): { value: Json; at: string } | undefined {
  if (resource.type === PARAMETER) {
    const value = resource.properties.Value;
    if (value === undefined || resource.ref !== name) return undefined;
    return { value, at: resource.at('Value') };
  }
  const value = objectAt(objectAt(resource.properties, 'WriterProps'), 'exports')[name];
  return value === undefined ? undefined : { value, at: resource.at(`WriterProps.exports.${name}`) };
}
