import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults } from '../../local/faults/faults';
import { batch, sample } from '../functions/ingest/incoming';
import { ChatClient, type Frame } from '../runtime/chat-client';
import { ChatRows } from '../runtime/chat-rows';
import { type RunningApp, startApp } from '../runtime/running-app';

describe('the notifications on the local runtime', () => {
  let home: string;
  let incoming: string;
  let faults: Faults;
  let app: RunningApp;
  let members: ChatRows[];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'notifications-'));
    incoming = join(home, 'incoming');
    faults = new Faults({ 'lost-disconnect': 1 });
    app = await startApp({ incomingDirectory: incoming, faults });
    members = ['all', 'topic/adt'].map(
      (name) =>
        new ChatRows(
          app.runtime.dynamodb.address,
          app.tableOf('notifications'),
          `CHANNEL#notifications#${name}`,
        ),
    );
  });
  afterAll(async () => {
    for (const rows of members) rows.close();
    await app.stop();
    rmSync(home, { recursive: true });
  });

  /** Connects, and waits for the subscription. */
  const connect = async (query = ''): Promise<ChatClient> => {
    const client = await ChatClient.connect(app.runtime.webSocketUrl('notifications') + query);
    await client.hears('Subscriptions');
    return client;
  };
  const hearsOf = (client: ChatClient, name: string): Promise<Frame> =>
    client.hears('Notification', ({ Source }) => Source === name);
  const heardOf = ({ frames }: ChatClient) => frames.filter(({ Type }) => Type === 'Notification');

  it('notify everyone of a file that is copied or moved into the folder', async () => {
    const clients = [await connect(), await connect(), await connect('?topics=adt')];
    writeFileSync(join(incoming, 'copied.hl7'), sample('adt-a01'));
    for (const client of clients) {
      expect(await hearsOf(client, 'copied.hl7')).toMatchObject({
        Topic: 'adt',
        Message: 'Something has change!',
        Event: 'A01',
        ControlId: expect.any(String),
      });
    }
    writeFileSync(join(home, 'moved.hl7'), batch(3, [1]));
    renameSync(join(home, 'moved.hl7'), join(incoming, 'moved.hl7'));
    for (const client of clients) {
      await client.until(() => heardOf(client).length === 3);
      expect(heardOf(client).map(({ ControlId }) => ControlId)).toEqual([expect.any(String), 'C0', 'C2']);
    }
    const errors = await app.rows('LOG#notifications#~errors', 'ENTRY#');
    expect(errors.map(({ data }) => JSON.parse(data as string))).toMatchObject([
      { error: 'ControlId', index: 1, key: 'moved.hl7' },
    ]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('send a client nothing that it is not subscribed to, until it is', async () => {
    const [all, orm] = [await connect(), await connect('?topics=orm')];
    writeFileSync(join(incoming, 'first.hl7'), batch(1));
    await hearsOf(all, 'first.hl7');
    orm.send({ Subscribe: ['adt'] });
    expect(await orm.hears('Subscriptions', ({ Topics }) => (Topics as string[]).length === 2)).toMatchObject(
      {
        Topics: ['adt', 'orm'],
      },
    );
    writeFileSync(join(incoming, 'second.hl7'), batch(1));
    await hearsOf(orm, 'second.hl7');
    expect(heardOf(orm)).toHaveLength(1);
    await Promise.all([all.close(), orm.close()]);
  });

  it('serve the article’s client, which sends user and password a second after it has connected', async () => {
    const client = await ChatClient.connect(app.runtime.webSocketUrl('notifications'));
    client.send('{"User":"_SYSTEM","Password":"SYS"}');
    writeFileSync(join(incoming, 'news.txt'), 'not HL7');
    expect(await hearsOf(client, 'news.txt')).toMatchObject({ Topic: 'file', Size: 7 });
    await client.close();
  });

  it('clean up, with the next file, departures that were not reported, and reach everyone else', async () => {
    const [vanishing, ...staying] = [await connect('?topics=adt'), await connect(), await connect()];
    await vanishing.close();
    const subscribed = () => Promise.all(members.map((rows) => rows.anchors()));
    const everyone = () => app.rows('CHANNEL#notifications#*', 'MEMBER#');
    // Includes clients that left in other tests.
    const [, toAdt = []] = await subscribed();
    expect(toAdt.length).toBeGreaterThan(0);
    expect((await everyone()).length).toBeGreaterThan(staying.length);
    for (const rows of members) await rows.age(31_000);
    writeFileSync(join(incoming, 'third.hl7'), batch(1));
    for (const client of staying) await hearsOf(client, 'third.hl7');
    // The anchor is deleted last.
    await app.until(async () => (await everyone()).length === staying.length);
    expect((await subscribed()).map(({ length }) => length)).toEqual([staying.length, 0]);
    for (const client of staying) expect(heardOf(client)).toHaveLength(1);
    await Promise.all(staying.map((client) => client.close()));
  });
});
