/**
 * Tests of what happens when API Gateway loses `$disconnect` events. They run once with rows made older, and once in
 * real time.
 */
import { Faults } from '../../local/faults/faults';
import { ChatClient } from './chat-client';
import { ChatRows } from './chat-rows';
import { type RunningApp, startApp } from './running-app';

const LEAVING = 12;

/** `passOpeningWindow` resolves when a 410 proves that a connection is gone. */
export function itSettlesLostDepartures(passOpeningWindow: (rows: ChatRows) => Promise<void>): void {
  let faults: Faults;
  let app: RunningApp;
  let rows: ChatRows;
  let ada: ChatClient;
  let bob: ChatClient;

  beforeAll(async () => {
    faults = new Faults({ 'lost-disconnect': 0.5 });
    app = await startApp({ faults });
    rows = new ChatRows(app.runtime.dynamodb.address, app.tableOf('chat'));
    [ada, bob] = [await join('Ada'), await join('Bob')];
  });
  afterAll(async () => {
    rows.close();
    await app.stop();
  });

  const join = async (user: string) => {
    const client = await connect();
    client.send({ User: user });
    await client.until(() => client.users?.includes(user) === true);
    return client;
  };
  const connect = () => ChatClient.connect(app.runtime.webSocketUrl('chat'));

  /** Lets clients connect and vanish without a `$disconnect`. Returns the ids of those whose rows remain. */
  const vanish = async (come: (n: number) => Promise<ChatClient>): Promise<string[]> => {
    const clients = await Promise.all(Array.from({ length: LEAVING }, (_, n) => come(n)));
    const ids = await Promise.all(clients.map((client) => client.id()));
    const before = lost(faults);
    await Promise.all(clients.map((client) => client.close()));
    await app.until(async () => {
      const { struck, cases } = lost(faults);
      return cases === before.cases + LEAVING && (await rows.anchors()).length === 2 + struck - before.struck;
    });
    const found = await Promise.all(ids.map((id) => rows.connection(id)));
    return ids.filter((_, n) => found[n]?.state === 'open');
  };

  /** Everyone who connected and left was counted once, and the remaining clients know each other. */
  const expectSettledOnce = async (ids: string[], revision: number) => {
    await app.until(async () => (await rows.anchors()).length === 2);
    for (const client of [ada, bob]) {
      await client.until(() => client.users?.join() === 'Ada,Bob' && client.revision === revision);
    }
    expect(await rows.listRevision()).toBe(revision);
    for (const id of ids) expect(await rows.connection(id)).toMatchObject({ state: 'closed', done: true });
  };

  it('with the next line that a client sends, once each, and the others receive it', async () => {
    const left = await vanish((n) => join(`user ${n}`));
    expect(left.length).toBeGreaterThan(1);
    expect(left.length).toBeLessThan(LEAVING);
    await passOpeningWindow(rows);
    ada.send({ Message: 'aGVsbG8=', Author: 'Ada' });
    for (const client of [ada, bob]) expect(await client.hears('Chat')).toMatchObject({ Author: 'Ada' });
    await expectSettledOnce(left, 2 + 2 * LEAVING);
  });

  it('with the sweep, if no client sends anything', async () => {
    const left = await vanish(connect);
    expect(left.length).toBeGreaterThan(1);
    await passOpeningWindow(rows);
    const { kind } = await app.runtime.functions.invoke(app.serverFunction, '{"type":"sweep"}');
    expect(kind).toBe('success');
    await expectSettledOnce(left, 2 + 2 * LEAVING);
  });
}

function lost(faults: Faults): { struck: number; cases: number } {
  const [, struck, cases] = /lost-disconnect (\d+) of (\d+)/.exec(faults.summary()) ?? [];
  return { struck: Number(struck), cases: Number(cases) };
}
