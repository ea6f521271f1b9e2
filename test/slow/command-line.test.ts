import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Connection, SharedConnection } from '../../lib';
import { systemClock } from '../../lib/clock';
import { ConnectionStore } from '../../lib/connections/connection-store';
import { identificationOrder } from '../../lib/connections/identification-order';
import { SettlementStore } from '../../lib/departures/settlement-store';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import { ErrorLog } from '../../lib/telemetry/error-log';
import { newWebSocketId } from '../../lib/testing/events';
import { type Outcome, run, type Surroundings } from '../cli/recorded-terminal';
import { type RunningApp, startApp } from '../runtime/running-app';
import { SocketClient } from '../runtime/socket-client';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'cli/shared-connection.js');
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Guest {
  id: string;
  client: SocketClient;
}

describe('shared-connection', () => {
  let app: RunningApp;
  let table: DynamoDbTable;
  let store: ConnectionStore;
  const guests: SocketClient[] = [];

  beforeAll(async () => {
    app = await startApp({ app: 'test/runtime/sockets-app' });
    Object.assign(process.env, app.exported);
    table = new DynamoDbTable(app.tableName, systemClock);
    store = new ConnectionStore(table, systemClock);
  });
  afterEach(async () => {
    await Promise.all(guests.splice(0).map((client) => client.close()));
    const services = ['inbox', 'loop', 'binary', 'sessions'];
    await app.until(async () => {
      const rows = await Promise.all(services.map((name) => app.rows(`CHANNEL#${name}#*`, 'MEMBER#')));
      // The owner of a dedicated socket takes some time to start.
      return rows.flat().every(({ left }) => left === true);
    });
  });
  afterAll(() => app?.stop());

  async function connect(): Promise<Guest> {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('inbox'));
    guests.push(client);
    return { id: await client.hears(), client };
  }

  /** With a dedicated socket whose owner is running. */
  async function whileOwned(work: (id: string) => Promise<void>): Promise<void> {
    const client = await SocketClient.connect(app.runtime.webSocketUrl('loop'));
    client.send('hello');
    await client.hears();
    const [{ id }] = await json('list', 'loop');
    await work(id);
    const closed = client.closed();
    client.send('exit');
    await closed;
  }

  const leave = async (guest: Guest) => {
    guests.splice(guests.indexOf(guest.client), 1);
    await guest.client.close();
    await app.until(async () => (await app.rows('CHANNEL#inbox#*', 'MEMBER#')).length === 0);
  };
  const name = (id: string, user: string) =>
    store.identifyMember(
      { service: 'inbox', webSocketId: id },
      { user },
      identificationOrder({ at: Date.now(), requestId: 'test' }),
    );
  /** Its output is for programs. */
  const json = async (...args: string[]) => {
    const [command = '', ...others] = args;
    const { out } = await succeeds([command, '--json', ...others]);
    return out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  const succeeds = async (args: string[], surroundings?: Surroundings): Promise<Outcome> => {
    const outcome = await run(args, surroundings);
    expect(outcome).toMatchObject({ exitCode: 0, complaint: '' });
    return outcome;
  };
  const fails = async (...args: string[]) => {
    const { exitCode, complaint } = await run(args);
    expect(exitCode).toBe(1);
    expect(complaint.trimEnd()).not.toContain('\n');
    return complaint.trimEnd();
  };

  describe('channels', () => {
    it('lists channels with their number of members', async () => {
      const [ada, bob] = [await connect(), await connect()];
      for (const { id } of [ada, bob]) await (await SharedConnection.open(id)).subscribe('topic/adt');
      await (await SharedConnection.open(bob.id)).subscribe('all');
      expect(await json('channels', 'inbox')).toEqual([
        { service: 'inbox', channel: 'all', members: 1 },
        { service: 'inbox', channel: 'topic/adt', members: 2 },
      ]);
      const { out } = await succeeds(['channels']);
      expect(out).toContain('│ inbox   │ topic/adt │ 2       │');
    });

    it('says that there are none', async () => {
      expect((await succeeds(['channels'])).out).toBe('No connection is in a channel.\n');
    });
  });

  describe('members', () => {
    it('lists the members of a channel', async () => {
      const [ada] = [await connect(), await connect()];
      await (await SharedConnection.open(ada.id)).subscribe('topic/adt');
      expect(await json('members', 'topic/adt')).toEqual([
        {
          service: 'inbox',
          id: ada.id,
          acceptedAt: expect.stringMatching(ISO),
          ageSeconds: expect.any(Number),
        },
      ]);
      expect((await succeeds(['members', 'topic/adt', '--service', 'inbox'])).out).toContain(ada.id);
      expect((await succeeds(['members', 'topic/oru'])).out).toBe('No connection is in topic/oru.\n');
    });

    it('explains which names a channel can have', async () => {
      expect(await fails('members', 'a channel')).toMatch(/The channel name "a channel" is not valid/);
    });
  });

  describe('errors', () => {
    const note = async (error: string) => {
      const table = new DynamoDbTable(app.tableName, systemClock);
      await new ErrorLog({ table, clock: systemClock, token: randomUUID }, 'loop').record({
        ...{ error, at: '2026-01-31T09:30:00.000Z', rule: 'every message has a control id' },
      });
    };

    it('lists recorded errors, the newest first, as many as requested', async () => {
      expect((await succeeds(['errors'])).out).toBe('No errors are recorded.\n');
      for (const error of ['Delimiters', 'ControlId', 'Truncated']) await note(error);
      expect((await json('errors', 'loop', '--limit', '2')).map(({ error }) => error)).toEqual([
        'Truncated',
        'ControlId',
      ]);
      expect(await json('errors', '--limit', '1')).toEqual([
        {
          service: 'loop',
          at: '2026-01-31T09:30:00.000Z',
          error: 'Truncated',
          rule: 'every message has a control id',
        },
      ]);
      expect((await succeeds(['errors'])).out).toContain('rule: every message has a control id');
    });

    it.each(['0', 'all', '10000'])('refuses a limit of %s', async (limit) => {
      expect((await run(['errors', '--limit', limit])).complaint).toMatch(/a number from 1 to 9999/);
    });
  });

  describe('list', () => {
    it('lists connections in a table', async () => {
      const { id } = await connect();
      await name(id, 'Ada\u001b[2J');
      const { out } = await succeeds(['list', 'inbox']);
      expect(out.replace(/ \d+ s /, ' 1 s ')).toBe(
        [
          '┌─────────┬──────────────────┬─────┬──────────────┐',
          '│ service │ id               │ age │ user         │',
          '├─────────┼──────────────────┼─────┼──────────────┤',
          `│ inbox   │ ${id} │ 1 s │ Ada\\u001b[2J │`,
          '└─────────┴──────────────────┴─────┴──────────────┘\n',
        ].join('\n'),
      );
    });

    it('returns the channels and the last activity to programs, if requested', async () => {
      const { id } = await connect();
      await (await SharedConnection.open(id)).subscribe('adt');
      expect(await json('list', '--channels', '--probe')).toEqual([
        {
          service: 'inbox',
          id,
          acceptedAt: expect.stringMatching(ISO),
          ageSeconds: expect.any(Number),
          channels: ['adt'],
          lastActiveAt: expect.stringMatching(ISO),
        },
      ]);
    });

    it('says that nobody is connected', async () => {
      expect((await succeeds(['list'])).out).toBe('No client is connected.\n');
    });

    it('redraws the table on a terminal until it is stopped', async () => {
      const { out } = await succeeds(['list', '--watch'], {
        isTerminal: true,
        whileWaiting: [() => connect()],
      });
      const screens = out.split('\u001b[H\u001b[2J\u001b[3J').slice(1);
      expect(screens).toHaveLength(2);
      expect(screens[0]).toBe('No client is connected.\n');
      expect(screens[1]).toContain('inbox');
    });

    it('appends changes if the output is not a terminal', async () => {
      const { out } = await succeeds(['list', '--watch'], { whileWaiting: [() => connect()] });
      expect(out).toMatch(/^No client is connected\.\n\S+Z {2}inbox {2}\S+ {2}connected\n$/);
    });

    it('knows the existing services', async () => {
      expect(await fails('list', 'nobody')).toBe(
        'There is no service "nobody". The services are: inbox, loop, binary, sessions.',
      );
    });
  });

  describe('tail', () => {
    it('reports clients that connect, get a name and leave', async () => {
      let guest: Guest | undefined;
      const { out } = await succeeds(['tail', 'inbox', '--json'], {
        whileWaiting: [
          async () => {
            guest = await connect();
          },
          () => name(guest?.id ?? '', 'Ada'),
          async () => guest && leave(guest),
        ],
      });
      const { id } = guest as Guest;
      const lines = out.trim().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        { at: expect.stringMatching(ISO), event: 'connected', service: 'inbox', id },
        { at: expect.stringMatching(ISO), event: 'named', service: 'inbox', id, user: 'Ada' },
        { at: expect.stringMatching(ISO), event: 'left', service: 'inbox', id, user: 'Ada' },
      ]);
    });
  });

  describe('show', () => {
    it('shows a connection with its unread messages, and its state in the gateway', async () => {
      const { id, client } = await connect();
      await name(id, 'Ada');
      client.send('unread');
      await app.until(async () => (await app.rows(`CONNECTION#${id}`, 'MESSAGE#')).length === 1);
      const time = expect.stringMatching(ISO);
      expect(await json('show', '--', id)).toEqual([
        {
          ...{ id, service: 'inbox', state: 'open', acceptedAt: time, user: 'Ada', channels: [] },
          attributes: {},
          ...{ messagesTo: 'inbox', unread: 1 },
          gateway: { connectedAt: time, lastActiveAt: time, sourceIp: '127.0.0.1' },
        },
      ]);
    });

    it('shows it in lines for people', async () => {
      const { id } = await connect();
      const { out } = await succeeds(['show', '--', id]);
      const names = out.split('\n').map((line) => line.slice(0, 16).trim());
      expect(names).toEqual([
        ...['id', 'service', 'state', 'since', 'channels', 'messages go to', 'unread'],
        ...['connected', 'last active', 'from', ''],
      ]);
    });

    it('shows the attributes that onPreServer has set', async () => {
      const webSocketId = newWebSocketId();
      const connection = { webSocketId, callbackUrl: app.runtime.url, service: 'inbox', sessionId: '' };
      const attributes = { topics: ['adt'], note: 'Ada\u001b[2J' };
      await store.accept({ ...connection, serverFunction: 'none', attributes, messagesTo: 'hook' }, 'token');
      expect(await json('show', '--', webSocketId)).toMatchObject([{ attributes }]);
      expect((await succeeds(['show', '--', webSocketId])).out).toContain(
        'attributes      {"topics":["adt"],"note":"Ada\\u001b[2J"}\n',
      );
      await new SettlementStore(table, systemClock).forgetMember(connection);
    });

    it('shows a closed connection', async () => {
      const guest = await connect();
      await leave(guest);
      expect(await json('show', '--', guest.id)).toMatchObject([
        { state: 'closed', closedAt: expect.stringMatching(ISO), gateway: 'has no such connection' },
      ]);
    });

    it('shows the owner of a dedicated socket', async () => {
      await whileOwned(async (id) => {
        expect(await json('show', '--', id)).toMatchObject([
          { messagesTo: 'owner', owner: { epoch: 1, leaseUntil: expect.stringMatching(ISO) } },
        ]);
      });
    });
  });

  describe('write', () => {
    it('sends its argument to one client', async () => {
      const { id, client } = await connect();
      const { out } = await succeeds(['write', '--', id, 'Grüße']);
      expect(out).toBe('Sent 7 bytes.\n');
      expect(await client.hears()).toBe('Grüße');
    });

    it('refuses input that is not text', async () => {
      const { id } = await connect();
      const { exitCode, complaint } = await run(['write', '--', id], { input: Buffer.from([0xff, 0xfe]) });
      expect({ exitCode, complaint }).toEqual({
        exitCode: 1,
        complaint: expect.stringMatching(/^The standard input is not UTF-8, [^\n]+\n$/),
      });
    });

    it('sends the standard input without the line end at its end', async () => {
      const { id, client } = await connect();
      await succeeds(['write', '--', id], { input: 'one\ntwo\n' });
      expect(await client.hears()).toBe('one\ntwo');
    });

    it('fails for an unknown id or a closed connection', async () => {
      expect(await fails('write', 'no\u001bsuch', 'x')).toBe(
        'There is no WebSocket "no\\u001bsuch". Its id is wrong, or it closed more than ten minutes ago. To see who is connected, run "list".',
      );
      const guest = await connect();
      await leave(guest);
      expect(await fails('write', '--', guest.id, 'x')).toMatch(/^WebSocket \S+ is closed/);
    });

    it('fails if the message is too long', async () => {
      const { id } = await connect();
      expect(await fails('write', '--', id, 'x'.repeat(131_073))).toMatch(/^The message has 131073 bytes/);
    });
  });

  describe('read', () => {
    it('prints the next message on one line', async () => {
      const { id, client } = await connect();
      client.send('a\nb\u001b[2J');
      expect((await succeeds(['read', '--', id])).out).toBe('a\\nb\\u001b[2J\n');
    });

    it('prints the unchanged message for programs', async () => {
      const { id, client } = await connect();
      client.send('a\nb\u001b[2J');
      expect(await json('read', '--', id)).toEqual([{ id, message: 'a\nb\u001b[2J' }]);
    });

    it('fails with 2 if nothing arrives in time', async () => {
      const { id } = await connect();
      const { complaint, exitCode } = await run(['read', '--timeout', '0', '--', id]);
      expect(complaint).toMatch(/^No message arrived from WebSocket [^\n]+\n$/);
      expect(exitCode).toBe(2);
    });

    it('follows until the socket has closed, or nothing arrives in time', async () => {
      const { id, client } = await connect();
      client.send('one');
      await app.until(async () => (await app.rows(`CONNECTION#${id}`, 'MESSAGE#')).length === 1);
      client.send('two');
      await app.until(async () => (await app.rows(`CONNECTION#${id}`, 'MESSAGE#')).length === 2);
      const { out, exitCode } = await run(['read', '--follow', '--timeout', '0.1', '--', id]);
      expect({ out, exitCode }).toEqual({ out: 'one\ntwo\n', exitCode: 2 });
    });

    it('fails for a dedicated socket, whose messages belong to its owner', async () => {
      await whileOwned(async (id) => {
        expect(await fails('read', '--', id)).toMatch(/is dedicated to its server\(\)/);
      });
    });

    it('refuses an invalid timeout', async () => {
      const { exitCode, complaint } = await run(['read', 'x', '--timeout', 'soon']);
      expect({ exitCode, complaint }).toMatchObject({ exitCode: 1 });
      expect(complaint).toContain('Specify seconds, such as 5 or 0.5.');
    });
  });

  describe('end', () => {
    it('closes the socket with 1000', async () => {
      const { id, client } = await connect();
      const closed = client.closed();
      expect((await succeeds(['end', '--', id])).out).toBe('Closed.\n');
      expect(await closed).toBe(1000);
      guests.splice(0);
    });

    it('also closes a dedicated socket', async () => {
      const client = await SocketClient.connect(app.runtime.webSocketUrl('loop'));
      client.send('hello');
      await client.hears();
      const [{ id }] = await json('list', 'loop');
      const closed = client.closed();
      expect((await succeeds(['end', '--', id])).out).toBe('Closed.\n');
      expect(await closed).toBe(1000);
    });

    it('cleans up a connection that was gone without a $disconnect', async () => {
      const connection = (await store.connection((await connect()).id)) as Connection;
      const ghost = newWebSocketId();
      const anHourAgo = { ...systemClock, now: () => Date.now() - 60 * 60_000 };
      const stored = new ConnectionStore(new DynamoDbTable(app.tableName, systemClock), anHourAgo);
      await stored.accept({ ...connection, webSocketId: ghost }, 'a token');
      expect(await json('end', '--', ghost)).toEqual([{ id: ghost, ended: false }]);
      await app.until(async () => (await store.connection(ghost))?.done === true);
      expect(await fails('end', '--', ghost)).toMatch(/ is closed\. /);
    });
  });

  describe('publish', () => {
    it('sends only to the members of a channel', async () => {
      const [member, other] = [await connect(), await connect()];
      await (await SharedConnection.open(member.id)).subscribe('adt');
      const report = { sent: 1, gone: 0, pending: 0, failed: 0, reasons: {} };
      expect(await json('publish', 'adt', 'news', '--service', 'inbox')).toMatchObject([
        { service: 'inbox', ...report },
      ]);
      await succeeds(['write', '--', other.id, 'last']);
      expect([await member.client.hears(), await other.client.hears()]).toEqual(['news', 'last']);
    });

    it('fails for an invalid channel name', async () => {
      expect(await fails('publish', 'bad name', 'x')).toMatch(/^The channel name "bad name" is not valid/);
    });
  });

  describe('broadcast', () => {
    it('sends to everyone of the service, and reports it in a table', async () => {
      const [one, two] = [await connect(), await connect()];
      const { out } = await succeeds(['broadcast', 'inbox'], { input: 'all' });
      expect(out).toContain('│ inbox   │ 2    │ 0    │ 0       │ 0      │');
      expect([await one.client.hears(), await two.client.hears()]).toEqual(['all', 'all']);
    });

    it('fails for a missing service', async () => {
      expect(await fails('broadcast', 'nobody', 'x')).toMatch(/^There is no service "nobody"/);
    });
  });

  describe('sweep', () => {
    it('reports what the service’s own function found', async () => {
      await connect();
      expect(await json('sweep', 'inbox')).toEqual([
        {
          ...{ service: 'inbox', open: 0, young: 1, settled: 0, forgotten: 0, elsewhere: 0 },
          ...{ pending: 0, failed: 0, complete: true },
        },
      ]);
    });

    it('sweeps every service, in a table', async () => {
      const { out } = await succeeds(['sweep']);
      for (const service of ['inbox', 'loop', 'binary', 'sessions']) expect(out).toContain(`│ ${service} `);
    });
  });

  describe('anywhere', () => {
    it('says in one line that no runtime is running, and ends with 1', async () => {
      const args = [MAIN, 'list', '--url', 'http://localhost:1'];
      const outcome = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: {} }).catch(
        (error: unknown) => error,
      );
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect((outcome as { stderr: string }).stderr).toBe(
        'No response from http://localhost:1. Start the app there (npm start, or npx shared-connection start), or specify another place: --url URL, or --stack NAME for a deployed stack.\n',
      );
    });

    it('finds the services of a stack by its name', async () => {
      const { id } = await connect();
      expect(await json('list', '--stack', 'Sockets')).toMatchObject([{ id }]);
    });

    it('reports a missing stack', async () => {
      expect(await fails('list', '--stack', 'Other')).toMatch(/^There is no stack "Other" in this account/);
    });
  });
});
