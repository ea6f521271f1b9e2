/** What the policies of a template allow. */
import { Match, type Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  Action: string | string[];
  Resource: unknown;
}

/** Of every policy, or of those whose names match a regular expression. */
export function statements(template: Template, policyName?: string): Statement[] {
  const props = policyName && { Properties: { PolicyName: Match.stringLikeRegexp(policyName) } };
  return Object.values(template.findResources('AWS::IAM::Policy', props || {})).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement as Statement[],
  );
}
