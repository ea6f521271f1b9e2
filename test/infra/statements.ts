/** The permissions that the policies of a template grant. */
import { Match, type Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string[]>>;
}

/** Of all policies, or of those whose names match a regular expression. */
export function statements(template: Template, policyName?: string): Statement[] {
  const props = policyName && { Properties: { PolicyName: Match.stringLikeRegexp(policyName) } };
  return Object.values(template.findResources('AWS::IAM::Policy', props || {})).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement as Statement[],
  );
}

/**
 * Each action with each of its resources, such as `s3:GetObjectVersion Bucket/*`, sorted. Logical ids are without
 * their hashes.
 */
export function grants(template: Template, policyName: string): string[] {
  return statements(template, policyName)
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => `${action} ${nameOf(resource)}`)),
    )
    .sort();
}

type Reference = { Ref: string } | { 'Fn::GetAtt': [id: string, attribute: string] } | { 'Fn::Join': Join };
type Join = [separator: string, parts: (string | Reference)[]];

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const reference = value as Reference;
  if ('Fn::Join' in reference) {
    const [separator, parts] = reference['Fn::Join'];
    return parts.map(nameOf).join(separator);
  }
  const id = 'Ref' in reference ? reference.Ref : reference['Fn::GetAtt'][0];
  return id.replace(/[0-9A-F]{8}$/, '');
}
