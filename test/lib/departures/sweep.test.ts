import { WebSocketServer } from '../../../lib';
import { SettlementStore } from '../../../lib/departures/settlement-store';
import type { Item } from '../../../lib/table/item';
import { lambdaContext, ManualClock, type TestClient, TestService } from '../../../lib/testing';

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

  it('settles those that have gone without a word, once each, and reports it', async () => {
    const clients = await connect(5);
    clients[1]?.vanish();
    clients[3]?.vanish();
    await clock.advance(31_000);
    expect(await sweep()).toMatchObject({ sweep: 'chat', settled: 2, open: 3, failed: 0, complete: true });
    expect(departed.sort()).toEqual([clients[1]?.webSocketId, clients[3]?.webSocketId].sort());
    expect(await sweep()).toMatchObject({ settled: 0, open: 3 });
    expect(departed).toHaveLength(2);
  });

  it('leaves alone what is too young to tell', async () => {
    const [client] = await connect(1);
    client?.vanish();
    await clock.advance(29_000);
    expect(await sweep()).toMatchObject({ young: 1, settled: 0 });
  });

  it('finishes a settlement whose settler died, when its lease has passed', async () => {
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

  it('forgets an anchor that was left behind', async () => {
    const [client] = (await connect(1)) as [TestClient];
    const isAnchor = ({ sk }: { sk: string }) => sk.startsWith('MEMBER#');
    const [anchor] = service.table.items().filter(isAnchor);
    await client.close();
    await service.table.put(anchor as Item, { kind: 'always' });
    await clock.advance(60_000);
    expect(await sweep()).toMatchObject({ forgotten: 1 });
    expect(service.table.items().filter(isAnchor)).toEqual([]);
  });

  it('goes on with the others when one cannot be looked at', async () => {
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

  it('looks no more than 200 times a second', async () => {
    await connect(400);
    await clock.advance(31_000);
    const begun = clock.now();
    expect(await sweep()).toMatchObject({ open: 400 });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(1_900);
  });

  it('stops in time, and begins the next time where it stopped', async () => {
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
});
