import {
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import type { EventBus, EventTarget } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { EventBuses } from '../../../local/eventbridge/event-buses';
import { EventsService } from '../../../local/eventbridge/events-service';
import type { Log } from '../../../local/log';
import { RecordedDeliveries } from '../recorded-deliveries';
import { RunningServices } from '../running-services';

const ACCOUNT = '000000000000';
const BUS = `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/orders`;
const OTHER_BUS = `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/other`;
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
const RULE = `arn:aws:events:us-east-1:${ACCOUNT}:rule/orders/Paid`;

function bus(...targets: EventTarget[]): EventBus {
  const rule = { path: 'Main/Paid', ruleName: 'Paid', ruleArn: RULE, pattern: { source: ['shop'] }, targets };
  return { path: 'Main/Orders', name: 'orders', busArn: BUS, rules: [rule] };
}

const event = JSON.stringify({
  ...{ version: '0', id: 'e-1', source: 'shop', 'detail-type': 'Paid', time: '2026-01-01T00:00:00Z' },
  detail: { id: 7, name: 'a "b"', tags: ['x', 'y'], price: { amount: 1 } },
});

describe('EventBuses', () => {
  const clock = new ManualClock();
  let deliveries: RecordedDeliveries;
  let warnings: string[];
  const log: Log = { info() {}, error() {}, warn: (text) => warnings.push(text) };

  function start(...buses: EventBus[]): EventBuses {
    warnings = [];
    deliveries = new RecordedDeliveries();
    return new EventBuses({ buses, destinations: deliveries, clock, log });
  }

  /** What a target with this input receives of the event. */
  function given(input: EventTarget['input']): unknown {
    start(bus({ arn: FUNCTION, ...(input && { input }) })).put('orders', event);
    return deliveries.to(FUNCTION)[0];
  }

  it('deliver an event to the targets of the rules that it matches', () => {
    const buses = start(bus({ arn: FUNCTION }));
    expect(buses.put(BUS, event)).toBe(true);
    buses.put('orders', event.replace('shop', 'stock'));
    expect(deliveries.to(FUNCTION)).toEqual([JSON.parse(event)]);
    expect(buses.put('none', event)).toBe(false);
  });

  it('send a target constant text, or a part of the event', () => {
    expect(given({ kind: 'constant', text: '{"a":1}' })).toEqual({ a: 1 });
    expect(given({ kind: 'path', path: '$.detail' })).toEqual(JSON.parse(event).detail);
    expect(given({ kind: 'path', path: '$.detail.tags[1]' })).toBe('y');
  });

  it('fill in templates, as JSON and inside text', () => {
    const paths = {
      id: '$.detail.id',
      name: '$.detail.name',
      price: '$.detail.price',
      none: '$.detail.none',
    };
    const template = `{"id":<id>,"price":<price>,"none":<none>,"text":"<name> is \\"<id>\\" of <price>",
      "rule":"<aws.events.rule-name>","at":<aws.events.event.ingestion-time>}`;
    expect(given({ kind: 'template', paths, template })).toEqual({
      id: 7,
      price: { amount: 1 },
      none: '',
      text: 'a "b" is "7" of {"amount":1}',
      rule: 'Paid',
      at: '2026-01-01T00:00:00Z',
    });
    expect(given({ kind: 'template', paths, template: '"order <id>"' })).toBe('order 7');
    expect(given({ kind: 'template', paths, template: '<aws.events.event.json>' })).toEqual(
      JSON.parse(event),
    );
  });

  it('send undeliverable events to the target’s dead-letter queue, with the reason', () => {
    start(bus({ arn: 'arn:missing', deadLetterArn: 'arn:dead' }, { arn: 'arn:missing' })).put(
      'orders',
      event,
    );
    expect(deliveries.all).toEqual([
      {
        arn: 'arn:dead',
        delivery: {
          body: event,
          attributes: {
            RULE_ARN: { DataType: 'String', StringValue: RULE },
            TARGET_ARN: { DataType: 'String', StringValue: 'arn:missing' },
            ERROR_CODE: { DataType: 'String', StringValue: 'RESOURCE_NOT_FOUND' },
            ERROR_MESSAGE: { DataType: 'String', StringValue: 'The target arn:missing does not exist.' },
          },
        },
      },
    ]);
    expect(warnings).toEqual([
      'Main/Paid: lost an event for arn:missing: The target arn:missing does not exist.',
    ]);
  });

  it('lose an event whose template produces no JSON', () => {
    expect(given({ kind: 'template', paths: { id: '$.detail.id' }, template: '{"a":<id>' })).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('The input template does not produce JSON: {"a":7')]);
  });

  it('forward an event to another bus, but not to a third one', () => {
    const buses = start(bus({ arn: OTHER_BUS }, { arn: FUNCTION }));
    buses.put('orders', event);
    buses.put('orders', event, true);
    expect(deliveries.all.map(({ arn }) => arn)).toEqual([OTHER_BUS, FUNCTION, FUNCTION]);
  });

  describe('for the SDK', () => {
    let services: RunningServices;
    let client: EventBridgeClient;

    beforeAll(async () => {
      const buses = start(bus({ arn: FUNCTION }));
      const options = { buses, region: 'us-east-1', accountId: ACCOUNT, clock, log };
      services = await RunningServices.start({ events: new EventsService(options) });
      client = new EventBridgeClient(services.client);
    });
    afterAll(async () => {
      client.destroy();
      await services.close();
    });

    it('accept events, and report each refused one', async () => {
      const good = { EventBusName: 'orders', Source: 'shop', DetailType: 'Paid', Detail: '{"id":1}' };
      const { FailedEntryCount, Entries } = await client.send(
        new PutEventsCommand({
          Entries: [
            { ...good, Time: new Date(Date.UTC(2025, 5, 1, 12)), Resources: ['arn:order'] },
            { ...good, Detail: 'id: 1' },
            { ...good, Source: 'aws.s3' },
            { ...good, DetailType: undefined },
            { ...good, EventBusName: 'none' },
          ],
        }),
      );
      expect(FailedEntryCount).toBe(3);
      expect(Entries).toEqual([
        { EventId: expect.any(String) },
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
        { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
        {
          ErrorCode: 'InvalidArgument',
          ErrorMessage: expect.stringContaining('DetailType is a required argument.'),
        },
        { EventId: expect.any(String) },
      ]);
      expect(deliveries.to(FUNCTION)).toEqual([
        {
          version: '0',
          id: Entries?.[0]?.EventId,
          'detail-type': 'Paid',
          source: 'shop',
          account: ACCOUNT,
          time: '2025-06-01T12:00:00Z',
          region: 'us-east-1',
          resources: ['arn:order'],
          detail: { id: 1 },
        },
      ]);
      expect(warnings).toEqual(['There is no event bus none; the event is dropped']);
    });

    it('refuse more than 1 MB, and more than ten entries', async () => {
      const entry = { Source: 's', DetailType: 'd', Detail: JSON.stringify('x'.repeat(600_000)) };
      await expect(client.send(new PutEventsCommand({ Entries: [entry, entry] }))).rejects.toThrow(
        'Total size of the entries in the request is over the limit',
      );
      const many = client.send(new PutEventsCommand({ Entries: Array(11).fill({ ...entry, Detail: '{}' }) }));
      await expect(many).rejects.toThrow('Member must have length less than or equal to 10');
    });

    it('list rules and test patterns', async () => {
      const { Rules } = await client.send(new ListRulesCommand({ EventBusName: 'orders' }));
      expect(Rules).toMatchObject([{ Name: 'Paid', EventPattern: '{"source":["shop"]}' }]);
      const test = (EventPattern: string) =>
        client.send(new TestEventPatternCommand({ EventPattern, Event: event }));
      expect((await test('{"source":["shop"]}')).Result).toBe(true);
      expect((await test('{"source":["stock"]}')).Result).toBe(false);
      await expect(test('{"source":"shop"}')).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
    });
  });
});
