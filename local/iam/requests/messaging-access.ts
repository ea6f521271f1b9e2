/** The permissions that requests to SQS, SNS and EventBridge need. */
import { isObject, type JsonObject, listAt, textAt } from '../../assembly/values/json';
import { partitionOf } from '../../aws-domains';
import type { AccessApp, WantedAccess } from '../access';

/** In IAM, a batch needs the permission of the single action. */
const BATCH = /Batch$/;

export function sqsAccess(action: string, input: JsonObject, path: string, app: AccessApp): WantedAccess[] {
  const name = action.replace(BATCH, '');
  const queue =
    textAt(input, 'QueueName') ??
    (textAt(input, 'QueueUrl') ?? path.split('?')[0] ?? '').split('/').at(-1) ??
    '';
  const source = textAt(input, 'SourceArn');
  const known = app.queues.find(({ queueName }) => queueName === queue);
  const resource = source ?? known?.queueArn ?? arn(app, 'sqs', action === 'ListQueues' ? '*' : queue);
  return [{ action: `sqs:${name}`, resource }];
}

export function snsAccess(action: string, input: JsonObject, app: AccessApp): WantedAccess[] {
  const topic = textAt(input, 'TopicArn') ?? textAt(input, 'TargetArn') ?? textAt(input, 'ResourceArn');
  const subscription = textAt(input, 'SubscriptionArn')?.split(':').slice(0, 6).join(':');
  const resource = topic ?? subscription ?? arn(app, 'sns', '*');
  return [{ action: `sns:${action.replace(BATCH, '')}`, resource }];
}

export function eventsAccess(action: string, input: JsonObject, app: AccessApp): WantedAccess[] {
  if (action === 'PutEvents') {
    return listAt(input, 'Entries')
      .filter(isObject)
      .map((entry) => ({
        action: 'events:PutEvents',
        resource: busArn(textAt(entry, 'EventBusName'), app),
        context: (key) => {
          if (key === 'events:source') return [textAt(entry, 'Source') ?? ''];
          return key === 'events:detail-type' ? [textAt(entry, 'DetailType') ?? ''] : undefined;
        },
      }));
  }
  const rule = textAt(input, 'Rule') ?? (action.endsWith('Rule') ? textAt(input, 'Name') : undefined);
  const bus = textAt(input, 'EventBusName') ?? textAt(input, 'Name');
  if (action === 'TestEventPattern' || action === 'ListEventBuses')
    return [{ action: `events:${action}`, resource: '*' }];
  if (rule === undefined) {
    const resource = action === 'ListRules' ? arn(app, 'events', 'rule/*') : busArn(bus, app);
    return [{ action: `events:${action}`, resource }];
  }
  const owner = bus === undefined || bus === 'default' ? '' : `${bus.split('/').at(-1)}/`;
  return [{ action: `events:${action}`, resource: arn(app, 'events', `rule/${owner}${rule}`) }];
}

function busArn(nameOrArn: string | undefined, app: AccessApp): string {
  if (nameOrArn?.startsWith('arn:')) return nameOrArn;
  return arn(app, 'events', `event-bus/${nameOrArn ?? 'default'}`);
}

function arn({ region, accountId }: AccessApp, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`;
}
