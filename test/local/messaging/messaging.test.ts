import type { App, EventBus, Topic } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { Log } from '../../../local/log';
import { DeliveryError } from '../../../local/messaging/destinations';
import { Messaging } from '../../../local/messaging/messaging';
import { RunningServices } from '../running-services';
import { queueSettings } from '../sqs/queue-settings';

const ACCOUNT = '000000000000';
const queue = queueSettings({ queueName: 'all' });
const dead = queueSettings({ queueName: 'dead' });
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;
const busArn = (name: string) => `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/${name}`;

const topic: Topic = {
  ...{ path: 'Main/News', topicName: 'news', topicArn: TOPIC, displayName: '' },
  ...{ isFifo: false, contentBasedDeduplication: false },
  subscriptions: [
    {
      ...{
        path: 'Main/News/Queue',
        subscriptionArn: `${TOPIC}:1`,
        protocol: 'sqs',
        endpoint: queue.queueArn,
      },
      ...{ isRaw: true, filterPolicyScope: 'MessageAttributes' },
    },
  ],
};

function bus(name: string, ...arns: string[]): EventBus {
  const targets = arns.map((arn) => ({ arn, deadLetterArn: dead.queueArn }));
  const rule = {
    path: `Main/${name}`,
    ruleName: 'r',
    ruleArn: `arn:${name}`,
    pattern: { source: ['shop'] },
    targets,
  };
  return { path: name, name, busArn: busArn(name), rules: [rule] };
}

describe('Messaging', () => {
  const invoked: [string, string][] = [];
  const warnings: string[] = [];
  const log: Log = { info() {}, error() {}, warn: (text) => warnings.push(text) };
  const app: App = {
    ...({
      region: 'us-east-1',
      accountId: ACCOUNT,
      functions: [],
      tables: [],
      schedules: [],
    } as unknown as App),
    ...{ queues: [queue, dead], topics: [topic], eventSources: [] },
    eventBuses: [bus('default', busArn('other'), `${FUNCTION}-none`), bus('other', TOPIC, FUNCTION)],
  };
  let messaging: Messaging;
  let services: RunningServices;

  beforeAll(async () => {
    messaging = new Messaging({
      ...{ app, log, clock: new ManualClock() },
      hasFunction: (functionName) => functionName === 'f',
      invoker: {
        invoke: () => Promise.reject(new Error('Rules invoke asynchronously.')),
        invokeAsync: (functionName, payload) => invoked.push([functionName, payload]),
      },
    });
    services = await RunningServices.start(messaging.services);
  });
  afterAll(async () => {
    messaging.stop();
    await services.close();
  });

  const bodyIn = async (queueName: string) => {
    const { text } = await services.query('sqs', { Action: 'ReceiveMessage' }, `/${ACCOUNT}/${queueName}`);
    return /<Body>(.*)<\/Body>/.exec(text)?.[1]?.replaceAll('&quot;', '"');
  };

  it('forwards an event from bus to bus, to a function, and through a topic to a queue; undeliverable events become dead letters', async () => {
    const event = JSON.stringify({ source: 'shop', detail: {} });
    messaging.deliver(busArn('default'), { body: event });
    expect(await bodyIn('dead')).toBe(event);
    expect(invoked).toEqual([['f', event]]);
    expect(await bodyIn('all')).toBe(event);
    expect(warnings).toEqual([]);
  });

  it('reports an ARN without a target, and a message that its target refuses', () => {
    const deliver = (arn: string, body: string) => () => messaging.deliver(arn, { body });
    const missing = 'arn:aws:sqs:us-east-1:000000000000:none';
    expect(deliver(missing, 'x')).toThrow(
      new DeliveryError('RESOURCE_NOT_FOUND', `The target ${missing} does not exist.`),
    );
    expect(deliver('arn:aws:states:us-east-1:000000000000:stateMachine:m', 'x')).toThrow('does not exist');
    expect(deliver(queue.queueArn, '\u0000')).toThrow('Invalid characters');
  });
});
