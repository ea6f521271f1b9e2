import { WebSocketServer } from '../../../lib';
import { sleep } from '../../../lib/clock';
import { SettlementStore } from '../../../lib/departures/settlement-store';
import { always } from '../../../lib/table/conditions';
import type { Item } from '../../../lib/table/item';
import {
  lambdaContext,
  ManualClock,
  SkippingClock,
  type TestClient,
  TestService,
} from '../../../lib/testing';

const departed: string[] = [];

class Recorder extends WebSocketServer {
  override async onPostServer() {
    departed.push(this.webSocketId);
  }
}

describe('the sweep', () => {
  let clock: ManualClock;
  let service: TestService;
  let upkeeps: number;
  let reports: Record<string, unknown>[];

  beforeEach(() => {
    departed.length = 0;
    upkeeps = 0;
    reports = [];
    clock = new ManualClock();
    service = new TestService(Recorder, { clock, upkeep: async () => void upkeeps++ });
    jest.spyOn(console, 'log').mockImplementation((line: string) => void reports.push(JSON.parse(line)));
    jest.spyOn(console, 'error').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());

  const connect = (count: number): Promise<TestClient[]> =>
    Promise.all(Array.from({ length: count }, () => service.connect()));

  const sweep = async (remainingMilliseconds = 120_000) => {
    let ended = false;
    const running = service.handlers
      .server({ type: 'sweep' }, lambdaContext({ remainingMilliseconds }))
      .finally(() => {
        ended = true;
      });
    while (!ended) await clock.advance(100);
    await running;
    return reports.at(-1);
  };

  it('cleans up connections that are gone without a $disconnect, once each, and reports it', async () => {
    const clients = await connect(5);
    clients[1]?.vanish();
    clients[3]?.vanish();
    await clock.advance(31_000);
    expect(await sweep()).toMatchObject({ sweep: 'chat', settled: 2, open: 3, failed: 0, complete: true });
    expect(departed.sort()).toEqual([clients[1]?.webSocketId, clients[3]?.webSocketId].sort());
    expect(await sweep()).toMatchObject({ settled: 0, open: 3 });
    expect(departed).toHaveLength(2);
  });

  it('ignores connections that are too young to decide', async () => {
    const [client] = await connect(1);
    client?.vanish();
    await clock.advance(29_000);
    expect(await sweep()).toMatchObject({ young: 1, settled: 0 });
  });

  it('finishes a cleanup that has crashed, after its lease', async () => {
    const [client] = (await connect(1)) as [TestClient];
    client.vanish();
    const { backend } = service.service;
    await new SettlementStore(backend.table, backend.clock).begin(client.webSocketId, 'dead settler');
    await clock.advance(31_000);
    expect(await sweep()).toMatchObject({ elsewhere: 1 });
    await clock.advance(15_000);
    expect(await sweep()).toMatchObject({ settled: 1 });
    expect(departed).toEqual([client.webSocketId]);
  });

  it('removes an anchor that was left behind', async () => {
    const [client] = (await connect(1)) as [TestClient];
    const isAnchor = ({ sk }: { sk: string }) => sk.startsWith('MEMBER#');
    const [anchor] = service.table.items().filter(isAnchor);
    await client.close();
    await service.table.put(anchor as Item, { kind: 'always' });
    await clock.advance(60_000);
    expect(await sweep()).toMatchObject({ forgotten: 1 });
    expect(service.table.items().filter(isAnchor)).toEqual([]);
  });

  it('continues with the others when one cannot be checked', async () => {
    const clients = await connect(3);
    for (const client of clients) client.vanish();
    await clock.advance(31_000);
    const get = service.gateway.get.bind(service.gateway);
    service.gateway.get = async (address) => {
      if (address.webSocketId === clients[0]?.webSocketId) throw new Error('the gateway stumbles');
      return get(address);
    };
    expect(await sweep()).toMatchObject({ settled: 2, failed: 1 });
  });

  it('checks at most 200 connections a second', async () => {
    await connect(400);
    await clock.advance(31_000);
    const begun = clock.now();
    expect(await sweep()).toMatchObject({ open: 400 });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(1_900);
  });

  it('stops in time, and continues there the next time', async () => {
    await connect(600);
    await clock.advance(31_000);
    const first = await sweep(13_000);
    expect(first).toMatchObject({ complete: false });
    const second = await sweep();
    expect(second).toMatchObject({ complete: true });
    expect((first?.open as number) + (second?.open as number)).toBe(600);
    expect(await sweep()).toMatchObject({ open: 600, complete: true });
  });

  it('does the upkeep afterwards', async () => {
    await sweep();
    expect(upkeeps).toBe(1);
  });

  describe('in a service with logs', () => {
    /** How long API Gateway takes to report whether a connection is open. */
    const SLOW_MILLISECONDS = 6_000;

    class Board extends WebSocketServer {
      static override readonly channels = { board: { log: { size: 10, seconds: 600 } } };
      static onSweep = async () => {};
      override async onClientMessage() {
        await this.subscribe('board', {});
      }
    }

    let skipping: SkippingClock;
    let client: TestClient;

    beforeEach(async () => {
      skipping = new SkippingClock(Date.now());
      service = new TestService(Board, { clock: skipping, upkeep: async () => void upkeeps++ });
      client = await service.connect();
      await client.send({});
      await connect(100);
      await skipping.advance(60_000);
      const { table } = service;
      const log = table.items().find(({ pk, sk }) => pk === 'LOG#chat#board' && sk === 'LOG') as Item;
      // Its publisher crashed after it had stored this line.
      const entry = {
        pk: log.pk,
        sk: 'ENTRY#000000000000001',
        data: '"stored"',
        id: 'x',
        at: skipping.now(),
      };
      await table.put({ ...log, last: 1 }, always);
      await table.put({ ...entry, expiresAt: Math.floor(skipping.now() / 1_000) + 600 }, always);
    });
    afterEach(() => {
      Board.onSweep = async () => {};
    });

    const sweepIn = (remainingMilliseconds: number) =>
      service.handlers.server({ type: 'sweep' }, lambdaContext({ remainingMilliseconds }));
    const hasLine = () => client.received.some((frame) => frame.includes('stored'));

    it.each([31_000, 60_000])(
      'posts what a crashed publisher left, although it cannot check everyone in %i ms',
      async (milliseconds) => {
        const get = service.gateway.get.bind(service.gateway);
        service.gateway.get = async (address) => {
          await sleep(skipping, SLOW_MILLISECONDS);
          return get(address);
        };
        expect(await sweepIn(milliseconds)).toMatchObject({ complete: false });
        expect(hasLine()).toBe(true);
      },
    );

    it('posts missing lines, does the upkeep, and fails if the class cannot do its own part', async () => {
      Board.onSweep = async () => {
        throw new Error('a fault of the class');
      };
      await expect(sweepIn(60_000)).rejects.toThrow('a fault of the class');
      expect([hasLine(), upkeeps, reports.length]).toEqual([true, 1, 1]);
    });

    it('checks everyone and does the upkeep even if the logs cannot be read', async () => {
      const query = service.table.query.bind(service.table);
      service.table.query = async (range) => {
        if (range.prefix.startsWith('LOGGED')) throw new Error('throttled');
        return query(range);
      };
      await expect(sweepIn(60_000)).rejects.toThrow('throttled');
      expect([reports.length, upkeeps]).toEqual([1, 1]);
    });
  });
});
