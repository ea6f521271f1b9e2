import { ingestHandler } from '../../../functions/ingest/ingest-handler';
import { incomingFile, type S3EventRecord } from '../../../functions/ingest/s3-event';
import { sleep } from '../../../lib/clock';
import { ErrorLog } from '../../../lib/telemetry/error-log';
import { lambdaContext, ManualClock, type TestClient } from '../../../lib/testing';
import { batch, Incoming, notifications, sample } from './incoming';

let logged: string[];
const spies: jest.SpyInstance[] = [];
beforeEach(() => {
  logged = [];
  for (const method of ['log', 'warn'] as const) {
    spies.push(
      jest
        .spyOn(console, method)
        .mockImplementation((...line: unknown[]) => void logged.push(line.join(' '))),
    );
  }
});
afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore();
});

const A_DAY = 24 * 60 * 60_000;

describe('the ingest function', () => {
  let incoming: Incoming;
  let ada: TestClient;
  beforeEach(async () => {
    incoming = new Incoming();
    ada = await incoming.service.connect();
  });

  const errors = () => new ErrorLog(incoming.service.backend, 'notifications').newest(100);
  const ids = (client: TestClient) => notifications(client).map(({ ControlId }) => ControlId);

  it('announces a message with its type, event, control id and time, in this order, and with nothing else', async () => {
    await incoming.hear(incoming.put('Doe Jane.hl7', batch(1)));
    const [text = ''] = ada.received.slice(1);
    expect(text.replace(/"Id":"[\w-]{22}\.0"/, '"Id":"…"')).toBe(
      '{"Type":"Notification","Topic":"adt","Message":"Something has change!","Event":"A01","Source":null,"Size":112,"ControlId":"C0","Sent":"2026-01-31T09:30:00+01:00","Id":"…"}',
    );
  });

  it('announces a file that is not HL7 as a file', async () => {
    await incoming.hear(incoming.put('a.png', 'PNG'));
    expect(notifications(ada)).toMatchObject([
      { Topic: 'file', Event: null, ControlId: null, Size: 3, Sent: '2026-11-30T09:15:00.000Z' },
    ]);
  });

  it('notifies each client once about what it subscribes to', async () => {
    const both = await incoming.service.connect({ query: { topics: '*,oru' } });
    const oru = await incoming.service.connect({ query: { topics: 'oru' } });
    await incoming.hear(incoming.put('b', sample('batch')));
    const topics = (client: TestClient) => notifications(client).map(({ Topic }) => Topic);
    expect(topics(both)).toEqual(topics(ada));
    expect(topics(ada)).toEqual(expect.arrayContaining(['adt', 'oru']));
    expect(topics(oru)).toEqual(topics(ada).filter((topic) => topic === 'oru'));
  });

  it('announces the messages of a file in order', async () => {
    await incoming.hear(incoming.put('b', batch(100)));
    expect(ids(ada)).toEqual(Array.from({ length: 100 }, (_, n) => `C${n}`));
  });

  it('includes a file’s name only if allowed, and the configured text', async () => {
    for (const environment of [{ SOURCE_NAMES: 'true' }, { SHARED_CONNECTION_LOCAL: 'true' }]) {
      const told = new Incoming({ ...environment, MESSAGE: 'News' });
      const client = await told.service.connect();
      await told.hear(told.put('a/Doe Jane ü+%.hl7', batch(1)));
      expect(notifications(client)).toMatchObject([{ Source: 'a/Doe Jane ü+%.hl7', Message: 'News' }]);
    }
    const silent = new Incoming({ SOURCE_NAMES: 'false', SHARED_CONNECTION_LOCAL: 'true' });
    const client = await silent.service.connect();
    await silent.hear(silent.put('a.hl7', batch(1)));
    expect(notifications(client)).toMatchObject([{ Source: null }]);
  });

  it('announces once what it receives twice', async () => {
    const event = incoming.put('b', batch(3));
    await incoming.hear(event);
    await incoming.hear(event);
    expect(ids(ada)).toEqual(['C0', 'C1', 'C2']);
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { announced: 3, again: 0, before: 0, broken: 0 },
      { announced: 0, again: 0, before: 3, broken: 0 },
    ]);
  });

  it('announces once what it receives twice at the same time', async () => {
    const event = incoming.put('b', batch(20));
    await Promise.all([incoming.hear(event), incoming.hear(event)]);
    expect(ids(ada)).toEqual(Array.from({ length: 20 }, (_, n) => `C${n}`));
  });

  it('does not announce again when a dead letter is sent again on its last day', async () => {
    const event = incoming.put('b', batch(2));
    await incoming.hear(event);
    await sleep(incoming.service.clock, 14 * A_DAY);
    incoming.service.table.deleteExpired();
    await incoming.hear(event);
    expect(logged.map((line) => JSON.parse(line)).at(-1)).toMatchObject({ announced: 0, before: 2 });
  });

  it('does not wait for an expired lease that the table still contains', async () => {
    const event = incoming.put('b', batch(2));
    await incoming.hear(event);
    await sleep(incoming.service.clock, 16 * A_DAY);
    await incoming.hear(event);
    expect(logged.map((line) => JSON.parse(line)).at(-1)).toMatchObject({ announced: 2, before: 0 });
  });

  it('stores how each message was delivered', async () => {
    const bob = await incoming.service.connect();
    bob.vanish();
    await incoming.hear(incoming.put('b', batch(1)));
    expect(incoming.service.table.items().filter(({ pk }) => pk.startsWith('FILE#'))).toMatchObject([
      { done: true, attempts: 1, report: { sent: 1, pending: 1, gone: 0, failed: 0 } },
    ]);
  });

  it('records a broken message once, with its reason and position, and announces the others', async () => {
    const event = incoming.put('Doe.hl7', batch(4, [1, 2]));
    await incoming.hear(event);
    await incoming.hear(event);
    expect(ids(ada)).toEqual(['C0', 'C3']);
    const told = ada.messages.filter((message) => (message as { Type: string }).Type === 'Broken');
    expect(told).toMatchObject([
      {
        Topic: 'broken',
        Message: expect.stringMatching(/^Message 2 of .*ControlId.*MSH-10 is empty$/),
        Source: null,
      },
      { Topic: 'broken', Message: expect.stringMatching(/^Message 3 of/) },
    ]);
    expect((await errors()).reverse()).toMatchObject([
      { error: 'ControlId', index: 1, bucket: 'files', version: 'v1', value: 'MSH-10 is empty' },
      { error: 'ControlId', index: 2 },
    ]);
  });

  it('writes no file name and no message field to the table or the log, except what it announces', async () => {
    await incoming.hear(incoming.put('Doe.hl7', batch(4, [1])));
    const items = incoming.service.table.items();
    expect(JSON.stringify(items) + logged.join()).not.toMatch(/Doe\.hl7|DOE\^JANE|FICTION/);
    const others = items.filter(({ pk }) => pk !== 'LOG#notifications#~told');
    expect(JSON.stringify(others) + logged.join()).not.toMatch(/\bC0\b/);
  });

  it('fails for an unreadable file, so that Lambda retries and then gives up', async () => {
    const event = incoming.put('a', batch(1));
    for (const { s3 } of event.Records as S3EventRecord[]) s3.object.versionId = 'gone';
    await expect(incoming.hear(event)).rejects.toThrow(/NoSuchVersion/);
  });

  it('announces the other files of an event if one fails', async () => {
    const [good, bad] = [incoming.put('a', batch(1)), incoming.put('b', batch(1))];
    for (const { s3 } of bad.Records as S3EventRecord[]) s3.object.versionId = 'gone';
    const Records = [...(bad.Records ?? []), ...(good.Records ?? [])];
    await expect(incoming.hear({ Records })).rejects.toThrow(/NoSuchVersion/);
    expect(ids(ada)).toEqual(['C0']);
  });

  it('reports missing environment variables', async () => {
    const { backend } = incoming.service;
    const lacking = ingestHandler({ files: incoming, environment: {}, backend });
    await expect(lacking(incoming.put('a', ''), lambdaContext())).rejects.toThrow(/SERVICE_NAME/);
  });
});

describe('an ingest function that is killed', () => {
  const COUNT = 100;

  /** Kills the first invocation at the n-th call of this kind. Calls that it has started never complete. */
  async function killAt(operation: string, n: number) {
    const clock = new ManualClock();
    let calls = 0;
    let isArmed = false;
    let isKilled = false;
    const incoming = new Incoming(
      {},
      {
        clock,
        intercept: async (call, apply) => {
          if (isArmed && call.operation === operation && ++calls === n) isKilled = true;
          if (isArmed && isKilled) await new Promise(() => {});
          return apply();
        },
      },
    );
    const clients = [
      await incoming.service.connect(),
      await incoming.service.connect({ query: { topics: 'adt' } }),
    ];
    const event = incoming.put('b', batch(COUNT));
    isArmed = true;
    void incoming.hear(event);
    // Long enough that no more of its work can continue.
    await clock.advance(40_000);
    isArmed = false;
    const before = clients.map((client) => notifications(client).length);
    // Lambda waits a minute before it retries the event.
    await clock.advance(60_000);
    const retry = incoming.hear(event);
    await clock.advance(60_000);
    await retry;
    return { clients, before, report: JSON.parse(logged.at(-1) ?? '') };
  }

  it.each([
    ['POST', 101],
    ['POST', 2],
    ['put', 50],
    ['update', 30],
    ['query', 77],
  ])(
    'at its %s number %i, has every message reach everyone by the retry, and marks what comes twice',
    async (operation, n) => {
      const { clients, before, report } = await killAt(operation, n);
      for (const [index, client] of clients.entries()) {
        const told = notifications(client);
        expect(before[index]).toBeLessThan(COUNT);
        expect(new Set(told.map(({ ControlId }) => ControlId)).size).toBe(COUNT);
        expect(new Set(told.map(({ Id }) => Id)).size).toBe(COUNT);
        expect(told.length - COUNT).toBeLessThanOrEqual(report.again);
      }
      expect(report.announced + report.before).toBe(COUNT);
      expect(report.again).toBeLessThanOrEqual(4);
    },
  );

  it('continues where it ran out of time', async () => {
    const clock = new ManualClock();
    const incoming = new Incoming({}, { clock });
    const ada = await incoming.service.connect();
    const event = incoming.put('b', batch(10));
    // Every post takes a second.
    const { post } = incoming.service.gateway;
    incoming.service.gateway.post = async (...call) => {
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
      return post.apply(incoming.service.gateway, call);
    };
    const first = incoming.hear(event, 20_000);
    const failed = expect(first).rejects.toThrow(/no time left.*Lambda will retry the event/);
    await clock.advance(60_000);
    await failed;
    const second = incoming.hear(event);
    await clock.advance(60_000);
    await second;
    expect(new Set(notifications(ada).map(({ ControlId }) => ControlId)).size).toBe(10);
  });
});

describe('incomingFile', () => {
  it('has the same id only for one arrival of one version of an object', () => {
    const idOf = (key: string, versionId?: string, sequencer?: string) => {
      const object = {
        ...{ key, size: 1, eTag: 'e' },
        ...(versionId && { versionId }),
        ...(sequencer && { sequencer }),
      };
      return incomingFile({ eventTime: '', s3: { bucket: { name: 'files' }, object } }).id;
    };
    const ids = [idOf('a'), idOf('a', 'v1'), idOf('a', 'v2'), idOf('b', 'v1'), idOf('a', 'v1', '01')];
    expect(new Set(ids).size).toBe(5);
    expect(idOf('a', 'v1', '01')).toBe(ids[4]);
  });
});
