/**
 * Clients' messages become events. A rule matches them and runs the function that pushes. Another rule runs that
 * function every minute.
 */
import { CfnOutput } from 'aws-cdk-lib';
import { EventBus, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { PushStack } from '../push-stack';

export class PushFromEvent extends PushStack {
  constructor(scope: Construct) {
    super(scope, 'PushFromEvent', 'event');
    const eventBus = new EventBus(this, 'Bus');
    const eventPattern = { source: ['chat'], detail: { text: [{ 'anything-but': '' }] as never[] } };
    new Rule(this, 'Said', { eventBus, eventPattern, targets: [new FunctionTarget(this.push)] });
    const event = RuleTargetInput.fromObject({ detail: { text: 'every minute' } });
    const schedule = Schedule.cron({ minute: '*' });
    new Rule(this, 'EveryMinute', { schedule, targets: [new FunctionTarget(this.push, { event })] });
    eventBus.grantPutEventsTo(this.message);
    this.message.addEnvironment('EVENT_BUS', eventBus.eventBusName);
    new CfnOutput(this, 'EventBus', { value: eventBus.eventBusName });
  }
}
