/** CloudFormation's pseudo parameters. */
import type { Json } from './json';
import type { ResourceStack } from './resource';

/** Undefined for any other name, and for `AWS::NoValue`. */
export function pseudoParameter(name: string, stack: ResourceStack & { stackId: string }): Json | undefined {
  switch (name) {
    case 'AWS::Region':
      return stack.region;
    case 'AWS::AccountId':
      return stack.accountId;
    case 'AWS::Partition':
      return stack.partition;
    case 'AWS::URLSuffix':
      return stack.urlSuffix;
    case 'AWS::StackName':
      return stack.name;
    case 'AWS::StackId':
      return stack.stackId;
    case 'AWS::NotificationARNs':
      return [];
    default:
      return undefined;
  }
}
