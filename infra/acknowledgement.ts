/**
 * Documents why a rule of cdk-nag's AwsSolutions does not apply to a construct. People who check an app with these
 * rules see the reason instead of a finding.
 */
import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/**
 * @param of a construct. For a principal that is not a construct, nothing happens
 * @param rule without its pack, such as `SQS3`, or `IAM5[Resource::…]` for one finding of several
 */
export function acknowledge(of: object, rule: string, reason: string): void {
  if (!Construct.isConstruct(of)) return;
  Validations.of(of).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
}
