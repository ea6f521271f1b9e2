/** The services in the console, tested with an app with all kinds of sockets. */
import { consoleServices } from '../../cli/console/services';
import { Service } from '../../lib';
import { emptyCounts } from '../../lib/delivery/delivery-report';
import { ShareStore } from '../../lib/fan-out/shares';
import { ErrorLog } from '../../lib/telemetry/error-log';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

jest.setTimeout(120_000);

interface Guest {
  id: string;
  client: SocketClient;
}

describe('The services in the console', () => {
  let app: RunningApp;
  let inbox: Service;
  const guests: Guest[] = [];

  beforeAll(async () => {
    app = await startApp({ app: 'test/runtime/sockets-app', services: consoleServices });
    Object.assign(process.env, app.exported);
    inbox = new Service('inbox', { serverClass: BOARDS, serverFunction: app.serverFunction });
  });
  afterEach(async () => {
    await Promise.all(guests.splice(0).map(({ client }) => client.close()));
    await app.until(async () => (await app.rows('CHANNEL#inbox#*', 'MEMBER#')).length === 0);
  });
  afterAll(() => app?.stop());

  async function ask(method: string, path = '', body?: string) {
    const url = `${app.runtime.url}/@local/services${path}`;
    const response = await fetch(url, { method, ...(body !== undefined && { body }) });
    return { status: response.status, body: (await response.json()) as Answer };
  }

  /** A client of this user, in the channel. */
  async function guest(user: string, channel: string): Promise<Guest> {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('inbox'));
    const one = { id: await client.hears(), client };
    guests.push(one);
    for await (const member of inbox.members()) {
      if (member.webSocketId !== one.id) continue;
      await inbox.identify(member, { user, info: { name: user, token: 'abc' } }, BY);
      await inbox.channels.subscribe({ ...member, user }, channel);
    }
    return one;
  }

  it('are listed, with their channels', async () => {
    await guest('ada', 'room/1');
    await guest('ada', 'room/2');
    await guest('bob', 'room/1');
    const { services } = (await ask('GET')).body;
    expect(services?.map(({ name }) => name)).toEqual(['inbox', 'loop', 'binary', 'sessions']);
    expect(services?.[0]).toEqual({
      ...{ name: 'inbox', connections: 3, users: 2, isPartial: false },
      channels: {
        ...{ total: 2, found: 2 },
        shown: [
          { channel: 'room/1', members: 2, users: 2 },
          { channel: 'room/2', members: 1, users: 1 },
        ],
      },
    });
    const found = (await ask('GET', '?find=m/2')).body.services?.[0]?.channels;
    expect(found).toMatchObject({ total: 2, found: 1, shown: [{ channel: 'room/2' }] });
  });

  it('show the members of a channel, without secrets', async () => {
    await guest('ada', 'room/1');
    await guest('ada', 'room/1');
    const { status, body } = await ask('GET', '/inbox/channels/room%2F1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ members: 2, unnamed: { total: 0, shown: [] } },
      users: { total: 1, shown: [{ user: 'ada', connections: 2, info: expect.stringContaining('hidden') }] },
    });
    expect(body).not.toHaveProperty('log');
  });

  it('show all connections and their users', async () => {
    const { id } = await guest('ada', 'room/1');
    const client = await SocketClient.connect(app.runtime.webSocketUrl('inbox'));
    const unnamed = { id: await client.hears(), client };
    guests.push(unnamed);
    expect((await ask('GET', '/inbox')).body).toMatchObject({
      ...{ members: 2, users: { total: 1, shown: [{ user: 'ada' }] } },
      unnamed: { total: 1, shown: [unnamed.id] },
    });
    expect((await ask('GET')).body.users).toEqual({ [id]: 'ada' });
  });

  it('show the errors that a service has recorded, the newest first', async () => {
    const errors = new ErrorLog(inbox.backend, 'inbox');
    await errors.record({ error: 'first', password: 'abc' });
    await errors.record({ error: 'second' });
    const { body } = await ask('GET', '/inbox');
    expect(body.errors).toEqual(['{"error":"second"}', '{"error":"first","password":"(hidden)"}']);
    const [service] = (await ask('GET')).body.services ?? [];
    expect(service?.channels.shown).toEqual([]);
  });

  it('publish to a channel, and report the result', async () => {
    const { client } = await guest('ada', 'room/1');
    const { body } = await ask('POST', '/inbox/channels/room%2F1', 'Hello');
    expect(body.report).toMatchObject({ sent: 1, gone: 0, pending: 0, failed: 0 });
    expect(await client.hears()).toBe('Hello');
  });

  it('store a line in a channel with a log, and show the last lines, the newest first', async () => {
    await inbox.channel('board/1').publish('first');
    const { body } = await ask('POST', '/inbox/channels/board%2F1', '{"text":"second"}');
    expect(body).toMatchObject({ position: { offset: 2 } });
    const channel = (await ask('GET', '/inbox/channels/board%2F1')).body;
    expect(channel.log).toMatchObject({
      offset: 2,
      lines: [
        { offset: 2, data: '{"text":"second"}' },
        { offset: 1, data: '"first"' },
      ],
    });
    const { services } = (await ask('GET')).body;
    expect(services?.[0]?.channels.shown[0]).toMatchObject({
      channel: 'board/1',
      members: 0,
      log: { offset: 2 },
    });
  });

  it('send to everyone', async () => {
    const [ada, bob] = [await guest('ada', 'room/1'), await guest('bob', 'room/2')];
    expect((await ask('POST', '/inbox', 'All!')).body.report).toMatchObject({ sent: 2 });
    expect([await ada.client.hears(), await bob.client.hears()]).toEqual(['All!', 'All!']);
  });

  it('disconnect a user, and nobody else', async () => {
    const [ada, bob] = [await guest('ada', 'room/1'), await guest('bob', 'room/1')];
    const closed = ada.client.closed();
    expect((await ask('DELETE', '/inbox/users/ada')).body).toEqual({ closed: 1 });
    await closed;
    guests.splice(guests.indexOf(ada), 1);
    expect((await ask('POST', '/inbox/channels/room%2F1', 'Still?')).body.report?.sent).toBe(1);
    expect(await bob.client.hears()).toBe('Still?');
  });

  it('list split deliveries', async () => {
    const { table, clock } = inbox.backend;
    const share = {
      ...{ delivery: 'd1', number: 0, turn: 0, after: 'MEMBER#', data: '', except: [], options: {} },
    };
    const store = new ShareStore(table, clock);
    const begunAt = clock.now();
    await store.begin('d1', begunAt);
    await store.add(share);
    await store.add({ ...share, number: 1 });
    await store.take(share, 'worker', clock.now() + 1_000);
    const counts = { sent: 5, gone: 1, pending: 0, failed: 2, throttled: 3, reasons: { 'status 500': 2 } };
    await store.finish(share, 'worker', { after: 'MEMBER#ff', counts });
    await store.finishCaller('d1', { ...emptyCounts(), sent: 1 });
    expect((await ask('GET')).body.deliveries).toEqual([
      {
        ...{ id: 'd1', at: begunAt, workers: 2, unfinished: 1, seconds: expect.any(Number) },
        ...{ ...counts, members: 9, sent: 6 },
      },
    ]);
  });

  it.each([
    ['GET', '/none/channels/a', 400, 'There is no service "none"'],
    ['GET', '/inbox/channels/a%20b', 400, 'The channel name "a b" is not valid'],
    ['GET', '/inbox/channels/%zz', 400, '"%zz" is not a part of a path'],
    ['POST', '/inbox', 413, 'A message has at most 131072 bytes'],
    ['PUT', '/inbox/channels/a', 404, 'Unknown request'],
    ['GET', '/inbox/channels/a/b', 404, 'Unknown request'],
  ])('refuse %s %s', async (method, path, status, why) => {
    const body = method === 'GET' ? undefined : 'x'.repeat(status === 413 ? 200_000 : 1);
    const answer = await ask(method, path, body);
    expect(answer.body.error).toContain(why);
    expect(answer.status).toBe(status);
  });
});

const BOARDS = { name: 'Boards', channels: { 'board/*': { log: { size: 10, seconds: 60 } } } };
const BY = { at: Date.now(), requestId: 'test' };

/** The parts of the responses that the tests read by name. */
interface Answer {
  services?: { name: string; channels: { shown: object[] } }[];
  deliveries?: object[];
  users?: object;
  errors?: string[];
  report?: { sent: number };
  log?: object;
  error?: string;
}
