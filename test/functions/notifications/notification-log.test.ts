import { MAX_MISSED, NotificationLog } from '../../../functions/notifications/notification-log';
import { ManualClock } from '../../../lib/testing';
import { batch, Incoming, type Notification, notifications, sample } from '../ingest/incoming';

const A_MINUTE = 60_000;
const A_DAY = 24 * 60 * A_MINUTE;

describe('A client that was away', () => {
  let clock: ManualClock;
  let incoming: Incoming;
  beforeEach(() => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
    clock = new ManualClock();
    incoming = new Incoming({}, { clock });
  });
  afterEach(() => jest.restoreAllMocks());

  const comes = async (name: string) => {
    await incoming.hear(incoming.put(`${name}.hl7`, sample(name)));
    await clock.advance(1);
  };
  const missed = async (ask: object, topics?: string) => {
    const client = await incoming.service.connect(topics ? { query: { topics } } : {});
    await client.send(ask);
    return client.messages.at(-1) as { Type: string; Notifications: Notification[]; More: boolean };
  };
  const idsOf = ({ Notifications }: { Notifications: Notification[] }) =>
    Notifications.map(({ ControlId }) => ControlId);

  it('receives everything since its last notification, oldest first and unchanged', async () => {
    const ada = await incoming.service.connect();
    await comes('adt-a01');
    const [last] = notifications(ada);
    await ada.close();
    await clock.advance(2 * A_MINUTE);
    const bob = await incoming.service.connect();
    await comes('oru-r01');
    await comes('adt-a02');
    const answer = await missed({ After: last?.Id });
    expect(answer).toEqual({ Type: 'Missed', Notifications: notifications(bob), More: false });
    expect(idsOf(answer)).toEqual(['ORU00001', 'ADT00002']);
  });

  it('receives notifications of the minute before, too, which may have been delayed', async () => {
    const ada = await incoming.service.connect();
    await comes('adt-a01');
    await comes('adt-a02');
    const [, last] = notifications(ada);
    expect(idsOf(await missed({ After: last?.Id }))).toEqual(['ADT00001']);
  });

  it('receives everything since a time, for its topics only', async () => {
    await comes('adt-a01');
    await clock.advance(5 * A_MINUTE);
    const Since = new Date(clock.now()).toISOString();
    await comes('adt-a02');
    await comes('oru-r01');
    expect(idsOf(await missed({ Since }))).toEqual(['ADT00002', 'ORU00001']);
    expect(idsOf(await missed({ Since }, 'oru'))).toEqual(['ORU00001']);
    expect(idsOf(await missed({ Since }, 'mdm'))).toEqual([]);
  });

  it('receives the newest notifications that fit into one frame, and is told that there were more', async () => {
    const Since = new Date(clock.now()).toISOString();
    await incoming.hear(incoming.put('batch.hl7', batch(MAX_MISSED + 20)));
    const answer = await missed({ Since });
    expect(answer.More).toBe(true);
    expect(idsOf(answer).at(-1)).toBe(`C${MAX_MISSED + 19}`);
    expect(answer.Notifications.length).toBeGreaterThan(80);
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(32 * 1024);
  });

  it('reads at most a few hundred notifications, however many there are for others', async () => {
    const log = new NotificationLog(incoming.service.table, clock, 'notifications');
    for (let n = 0; n < 700; n++) await log.note({ id: `x.${n}`, topic: 'adt', text: '{}' });
    const query = jest.spyOn(incoming.service.table, 'query');
    expect(await log.since(clock.now(), () => false)).toEqual({ texts: [], isCut: true });
    expect(query).toHaveBeenCalledTimes(5);
  });

  it('receives nothing that is older than a week', async () => {
    const Since = new Date(clock.now()).toISOString();
    await comes('adt-a01');
    await clock.advance(8 * A_DAY);
    expect(await missed({ Since })).toEqual({ Type: 'Missed', Notifications: [], More: false });
  });

  it.each([
    [{ After: 'x' }, /After must be the Id of a notification, not "x"/],
    [{ After: { toString: 1 } }, /After must be the Id/],
    [{ After: `${'x'.repeat(22)}.0` }, /There is no notification with the Id in After.*Since/],
    [{ Since: 'yesterday' }, /Since must be a time in ISO 8601, not "yesterday"/],
  ])('is told what is wrong with %j', async (ask, message) => {
    expect(await missed(ask)).toEqual({ Type: 'Error', Message: expect.stringMatching(message) });
  });
});
