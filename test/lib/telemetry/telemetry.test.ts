import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, WebSocketServer } from '../../../lib';
import { backendFromEnvironment } from '../../../lib/backend';
import { EmbeddedMetrics } from '../../../lib/telemetry/embedded-metrics';
import { TroubleLog } from '../../../lib/telemetry/trouble-log';
import { SkippingClock, TestService } from '../../../lib/testing';
import { lambdaContext } from '../../../lib/testing/events';

class Room extends WebSocketServer {
  override async onPreServer() {
    await this.subscribe('room');
  }
}

interface MetricsLine {
  _aws: {
    Timestamp: number;
    CloudWatchMetrics: {
      Namespace: string;
      Dimensions: string[][];
      Metrics: { Name: string; Unit: string }[];
    }[];
  };
  [name: string]: unknown;
}

describe('A service', () => {
  let clock: SkippingClock;
  let test: TestService;
  let lines: string[];
  const parsed = () => lines.map((line) => JSON.parse(line) as MetricsLine);

  beforeEach(() => {
    clock = new SkippingClock();
    lines = [];
    test = new TestService(Room, { clock });
  });

  async function crowd(count: number) {
    const clients = [];
    for (let n = 0; n < count; n++) clients.push(await test.connect());
    await clock.advance(60_000);
    return clients;
  }

  describe('with metrics', () => {
    beforeEach(() => {
      test.backend.telemetry = new EmbeddedMetrics(clock, (line) => lines.push(line));
    });

    it('logs a line for each delivery, in the embedded metric format', async () => {
      const [one] = await crowd(3);
      one?.vanish();
      test.gateway.failNextPosts(429);
      const report = await test.service.publish('room', 'hello');
      expect(parsed()).toEqual([
        {
          _aws: {
            Timestamp: expect.any(Number),
            CloudWatchMetrics: [
              {
                ...{ Namespace: 'SharedConnection', Dimensions: [['service']] },
                Metrics: expect.arrayContaining([
                  { Name: 'Deliveries', Unit: 'Count' },
                  { Name: 'DeliveryTime', Unit: 'Seconds' },
                  { Name: 'Failed', Unit: 'Count' },
                ]),
              },
            ],
          },
          ...{ service: test.service.name, channel: 'room', Deliveries: 1, Members: 3, Sent: 2, Gone: 1 },
          ...{ Pending: 0, Failed: 0, Throttled: 1, DeliveryTime: report.seconds, delivery: report },
        },
      ]);
      const [directive] = parsed()[0]?._aws.CloudWatchMetrics ?? [];
      // Each metric and each dimension must be at the root of the line, because CloudWatch looks only there.
      for (const { Name } of directive?.Metrics ?? []) expect(typeof parsed()[0]?.[Name]).toBe('number');
    });

    it('counts a split delivery once, and each member once', async () => {
      await crowd(120);
      const report = await test.service.deliver('hello', { inlineMembers: 50, workerMembers: 40 });
      await test.runQueued();
      const sum = (name: string) => parsed().reduce((all, line) => all + Number(line[name] ?? 0), 0);
      expect(report.workers).toBeGreaterThanOrEqual(1);
      expect([sum('Deliveries'), sum('Members'), sum('Sent')]).toEqual([1, 120, 120]);
    });

    it('logs the number of connections and their ages with each sweep', async () => {
      await crowd(1);
      await clock.advance(60_000);
      await test.connect();
      await test.handlers.server({ type: 'sweep' }, lambdaContext());
      expect(parsed()).toMatchObject([
        { Connections: 2, AverageConnectionAge: expect.any(Number), OldestConnectionAge: expect.any(Number) },
      ]);
      expect(parsed()[0]?.OldestConnectionAge).toBeGreaterThanOrEqual(120);
      expect(parsed()[0]?.AverageConnectionAge).toBeLessThan(Number(parsed()[0]?.OldestConnectionAge));
    });

    it('reports that nobody is connected', async () => {
      await test.handlers.server({ type: 'sweep' }, lambdaContext());
      expect(parsed()).toMatchObject([{ Connections: 0 }]);
      expect(parsed()[0]).not.toHaveProperty('OldestConnectionAge');
    });
  });

  describe('without metrics', () => {
    beforeEach(() => {
      test.backend.telemetry = new TroubleLog(clock, (line) => lines.push(line));
    });

    it('logs nothing for a delivery that reached everyone', async () => {
      await crowd(3);
      await test.service.publish('room', 'hello');
      await test.handlers.server({ type: 'sweep' }, lambdaContext());
      expect(lines).toEqual([]);
    });

    it('warns if a delivery failed for some connections', async () => {
      await crowd(2);
      test.gateway.failNextPosts(403);
      const report = await test.service.publish('room', 'hello');
      expect(parsed()).toMatchObject([
        {
          ...{ level: 'WARN', message: 'A delivery failed for 1 of 2 members.' },
          ...{ service: test.service.name, channel: 'room', delivery: report },
        },
      ]);
    });

    it('warns if the workers of a delivery have not finished', async () => {
      await crowd(120);
      const invoke = jest.fn();
      const backend = { ...test.backend, invoker: { invoke } };
      const service = new Service(test.service.name, { backend });
      await service.deliver('hello', { inlineMembers: 50, workerMembers: 100, waitMilliseconds: 1_000 });
      expect(parsed()).toMatchObject([{ message: 'A delivery is not finished: 1 of 1 workers still post.' }]);
    });
  });
});

describe('The environment', () => {
  const FUNCTION = { CONNECTION_TABLE: 'table', AWS_LAMBDA_FUNCTION_NAME: 'f' };

  it.each([
    [{ ...FUNCTION, CONNECTION_METRICS: 'true' }, EmbeddedMetrics],
    [FUNCTION, TroubleLog],
  ])('of a function decides what it logs: %j', (environment, kind) => {
    expect(backendFromEnvironment(environment).telemetry).toBeInstanceOf(kind);
  });

  it('of any other process disables logging', () => {
    const environment = { CONNECTION_TABLE: 'table', CONNECTION_METRICS: 'true' };
    expect(backendFromEnvironment(environment).telemetry).toBeUndefined();
  });
});

it('The construct names the metrics that the library logs', () => {
  const names = (path: string, start: RegExp, name: RegExp) => {
    const text = readFileSync(join(__dirname, '../../..', path), 'utf8');
    const [, list = ''] = start.exec(text) ?? [];
    return [...list.matchAll(name)].map(([, found]) => found);
  };
  const logged = names('lib/telemetry/embedded-metrics.ts', /UNITS = \{(.*?)\}/s, /(\w+): '/g);
  expect(logged.length).toBeGreaterThan(5);
  expect(names('infra/service-metrics.ts', /ServiceMetric =(.*?);/s, /'(\w+)'/g)).toEqual(logged);
});
