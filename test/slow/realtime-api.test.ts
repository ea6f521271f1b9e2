/** Backends with the libraries for Centrifugo's server API, unchanged, against the rooms on the local runtime. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import { connectionToken } from '../../lib/realtime/token';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(120_000);

const CACHE = join(__dirname, '../../.cache');
/** The key that signs tokens on this machine, from the documentation. */
const SECRET = 'local';

describe('the API of the rooms', () => {
  let app: RunningApp;
  let ada: Centrifuge | undefined;
  beforeAll(async () => {
    app = await startApp();
  });
  afterEach(() => ada?.disconnect());
  afterAll(() => app?.stop());

  /** `https://{id}.execute-api.….amazonaws.com/api`, at its address on this machine. */
  const apiUrl = () => {
    const { value = '' } = app.app.outputs.find(({ name }) => name.startsWith('RoomsApiUrl')) ?? {};
    const { hostname, pathname } = new URL(value);
    return `${app.runtime.url}/${hostname.split('.')[0]}${pathname}`;
  };

  /** A client in a room. Resolves to what it receives until it is disconnected. */
  const adaIn = async (room: string) => {
    const token = connectionToken({ user: 'ada' }, SECRET);
    ada = new Centrifuge(app.runtime.webSocketUrl('rooms'), { websocket: WebSocket, token });
    const client = ada;
    const heard: unknown[] = [];
    client.on('publication', ({ channel, data }) => heard.push([channel, data]));
    const subscription = client.newSubscription(room);
    subscription.on('publication', ({ offset, data }) => heard.push([offset, data]));
    const left = new Promise((resolve) => subscription.on('unsubscribed', ({ code }) => resolve(code)));
    const gone = new Promise((resolve) =>
      client.on('disconnected', ({ code, reason }) => resolve([code, reason])),
    );
    subscription.subscribe();
    client.connect();
    await subscription.ready();
    return { heard, left, gone };
  };

  it.each([
    ['cent, of Python', join(CACHE, 'python-clients/bin/python'), [join(__dirname, 'clients/cent_calls.py')]],
    ['gocent, of Go', join(CACHE, 'gocent-calls'), []],
  ])('works with %s', async (name, command, args) => {
    const room = `public:${name.slice(0, 4)}`;
    const { heard, left, gone } = await adaIn(room);
    const { stdout } = await promisify(execFile)(command, [...args, apiUrl(), room, 'ada'], {
      timeout: 90_000,
    });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      ['publish', 1],
      ['broadcast', [2, 1]],
      ['presence', ['ada']],
      ['presence_stats', 1, 1],
      [
        'history',
        [
          [1, { n: 1 }],
          [2, { n: 2 }],
        ],
        2,
      ],
      ['channels', [room]],
      ['info', ['rooms']],
      ['batch', 3, 1],
      ['refused', 107],
      ['unauthorized'],
    ]);
    expect(await gone).toEqual([4501, 'bye']);
    expect(await left).toBe(2000);
    expect(heard).toEqual([...[1, 2, 3].map((n) => [n, { n }]), [`${room}/other`, { n: 4 }]]);
  });

  it('has no secret in the environment of a function', () => {
    const values = app.app.functions
      .filter(({ environment }) => environment.SERVICE_NAME === 'rooms')
      .flatMap(({ environment }) => Object.values(environment));
    expect(values).not.toContain(SECRET);
    expect(values.filter((value) => value.includes(':secretsmanager:'))).toHaveLength(2);
  });
});
