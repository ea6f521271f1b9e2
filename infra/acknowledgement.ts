/** Says why a rule of cdk-nag's AwsSolutions does not hold for a construct: whoever checks an app with them sees the reason, and no finding. */
import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/**
 * @param of a construct; of a principal that is none nothing is said
 * @param rule without its pack, such as `SQS3`, or `IAM5[Resource::…]` for one finding of several
 */
export function acknowledge(of: object, rule: string, reason: string): void {
  if (!Construct.isConstruct(of)) return;
  Validations.of(of).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
}
