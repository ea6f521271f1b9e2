/**
 * The scenario of a realtime client and the events that it notes, with npm's `centrifuge`, in Node.js and in
 * browsers.
 */
import { Centrifuge, type SubscribedContext } from 'centrifuge';

const PATIENCE_MILLISECONDS = 60_000;

export interface Surroundings {
  webSocketUrl: string;
  /** The address of the process that creates tokens and cuts the connection. */
  controlUrl: string;
  room: string;
  /** Node.js has no WebSocket of its own. */
  websocket?: unknown;
}

export async function realtimeScenario(surroundings: Surroundings): Promise<string[]> {
  const { webSocketUrl, controlUrl, room, websocket } = surroundings;
  const notes: string[] = [];
  const note = (...what: unknown[]) =>
    notes.push(what.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' '));
  const ask = async (path: string) => {
    const response = await fetch(`${controlUrl}/${path}`);
    if (!response.ok) throw new Error(await response.text());
    return response.text();
  };
  let [isRenewed, isSubscriptionRenewed] = [false, false];
  const client = new Centrifuge(webSocketUrl, {
    token: await ask('expired'),
    getToken: () => ask(`connection?seconds=${isRenewed ? 600 : 3}`),
    minReconnectDelay: 50,
    timeout: 20_000,
    ...(websocket !== undefined && { websocket }),
  });
  const inbox: unknown[] = [];
  const messages: unknown[] = [];
  client.on('publication', ({ channel, data }) => inbox.push(`${channel} ${data}`));
  client.on('message', ({ data }) => messages.push(data));
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  const eventually = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`Waited in vain, after: ${notes.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const notesOfServer = async () => (await client.rpc('notes', null)).data as string[];

  const serverSubscribed = new Promise<{ channel: string }>((resolve) => client.once('subscribed', resolve));
  client.connect();
  note('the server subscribed it to', (await serverSubscribed).channel);
  await client.publish('inbox:ada', 'for Ada');
  await eventually(() => inbox.length === 1);
  note(inbox[0]);

  const publications: { data: unknown; offset?: number; info?: { user: string; connInfo?: unknown } }[] = [];
  const subscribed: SubscribedContext[] = [];
  const subscription = client.newSubscription(room, { recoverable: true, joinLeave: true });
  subscription.on('publication', (publication) => publications.push(publication));
  subscription.on('subscribed', (context) => subscribed.push(context));
  subscription.subscribe();
  await subscription.ready(20_000);
  await subscription.publish('hello');
  await eventually(() => publications.length === 1);
  const [first] = publications;
  note('heard', first?.data, first?.offset, first?.info?.user, first?.info?.connInfo);
  const { clients } = await subscription.presence();
  note(
    'present',
    Object.values(clients)
      .map(({ user }) => user)
      .sort()
      .join(),
  );
  const { numClients, numUsers } = await subscription.presenceStats();
  note('stats', numClients, numUsers);
  const history = await subscription.history({ limit: 10 });
  note(
    'history',
    history.publications.map(({ data }) => data),
    history.offset,
  );
  note('rpc', (await client.rpc('sum', [1, 2])).data);
  note('unknown rpc', await client.rpc('?', null).catch(({ code }) => code));
  await client.send({ a: 1 });
  await eventually(() => messages.length === 1);
  note('message', messages[0]);

  await eventually(async () => (await notesOfServer()).includes('renewed'));
  isRenewed = true;
  note('renewed its token');
  const secret = client.newSubscription('secret:1', {
    getToken: ({ channel }) =>
      ask(`subscription?channel=${channel}&seconds=${isSubscriptionRenewed ? 600 : 3}`),
  });
  secret.subscribe();
  await secret.ready(20_000);
  await eventually(async () => (await notesOfServer()).filter((one) => one === 'secret:1').length > 1);
  isSubscriptionRenewed = true;
  note('renewed its token of secret:1');

  const again = new Promise((resolve) => client.once('connected', resolve));
  await ask('cut');
  await again;
  await eventually(() => publications.length >= 4 && inbox.length >= 2 && subscribed.length > 1);
  // Everything that arrives twice has arrived before this.
  await subscription.publish('the last one');
  await eventually(() => publications.at(-1)?.data === 'the last one');
  note('recovered', subscribed.at(-1)?.recovered, subscribed.length);
  note(
    'heard',
    publications.slice(1).map(({ data, offset }) => `${offset} ${data}`),
    inbox.slice(1),
  );

  note(await ask('joined'));
  client.disconnect();
  return notes;
}
