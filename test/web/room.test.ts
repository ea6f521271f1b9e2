import { EventEmitter, once } from 'node:events';
import { pageModules } from './page-modules';

interface Room extends EventTarget {
  lines: { words: string }[];
  isLoaded: boolean;
  presence: { people: Map<string, { name: string; windows: number }> };
  publish(data: unknown): Promise<void>;
  leave(): void;
}
const { Room } = pageModules<{ Room: new (client: object, name: string) => Room }>('rooms/room.mjs');

const info = { user: 'ada', client: 'c1', connInfo: { name: 'Ada' } };
const line = (offset: number) => ({
  ...{ offset, info },
  data: { type: 'say', key: String(offset), words: `line ${offset}` },
});
type Asked = { limit: number; since?: { epoch: string; offset: number } };

/** A channel as Centrifuge's client sees it: a log. A response contains only some of its lines. */
class Channel extends EventEmitter {
  log: ReturnType<typeof line>[] = [];
  linesOfAnswer = 2;
  /** Runs while the history is being requested. */
  meanwhile: () => void = () => {};
  clients: Record<string, typeof info> = { c1: info };
  isRemoved = false;

  subscribe(): void {}
  async presence() {
    return { clients: this.clients };
  }
  async history({ limit, since }: Asked) {
    const from = this.log.filter(({ offset }) => offset > (since?.offset ?? 0));
    const answer = {
      publications: from.slice(0, Math.min(limit, this.linesOfAnswer)),
      epoch: 'e',
      offset: this.top,
    };
    await Promise.resolve();
    this.meanwhile();
    return answer;
  }
  get top(): number {
    return this.log.at(-1)?.offset ?? 0;
  }
  /** Stores lines, and delivers them to a connected client. */
  publish(...offsets: number[]): void {
    for (const offset of offsets) {
      this.log.push(line(offset));
      this.emit('publication', line(offset));
    }
  }
}

describe('Room', () => {
  let channel: Channel;
  let room: Room;
  let notices: string[];

  beforeEach(() => {
    channel = new Channel();
    room = new Room(
      {
        newSubscription: () => channel,
        removeSubscription: () => {
          channel.isRemoved = true;
        },
      },
      'math',
    );
    notices = [];
    room.addEventListener('notice', (event) => notices.push((event as CustomEvent).detail));
  });
  afterEach(() => room.leave());

  const subscribed = (wasRecovering = false, recovered = false) =>
    channel.emit('subscribed', { wasRecovering, recovered });
  const until = async (condition: () => boolean) => {
    while (!condition()) await once(room, 'change');
  };
  const words = () => room.lines.map((each) => each.words);
  const said = (...offsets: number[]) => offsets.map((offset) => `line ${offset}`);

  it('has the whole history, however many responses that takes, and later lines, in order', async () => {
    channel.publish(1, 2, 3, 4, 5);
    let next = 6;
    channel.meanwhile = () => channel.publish(next++);
    subscribed();
    await until(() => room.isLoaded);
    expect(words()).toEqual(said(1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect(notices).toEqual([]);
  });

  it('reports how much it has caught up on, whether that arrived at once or not', async () => {
    channel.publish(1, 2);
    subscribed();
    await until(() => room.isLoaded);
    channel.log.push(line(3), line(4), line(6));
    subscribed(true, true);
    for (const offset of [3, 4]) channel.emit('publication', line(offset));
    await new Promise(setImmediate);
    expect(notices).toEqual([]);
    channel.emit('publication', line(6));
    await once(room, 'notice');
    expect(notices).toEqual(['Caught up on 3 lines']);
    expect(words()).toEqual(said(1, 2, 3, 4, 6));
  });

  it('reloads the current room if it cannot catch up, and shows the old one until then', async () => {
    channel.publish(1, 2);
    subscribed();
    await until(() => room.isLoaded);
    channel.log = [line(500), line(501)];
    channel.meanwhile = () => expect(words()).toEqual(said(1, 2));
    subscribed(true, false);
    await until(() => words().length > 0 && words()[0] !== 'line 1');
    expect(words()).toEqual(said(500, 501));
    expect(notices).toEqual(['Could not catch up: reloading the room', 'The room was reloaded']);
  });

  it('reloads the history if the connection was cut in the meantime', async () => {
    channel.publish(1, 2, 3);
    channel.history = async () => Promise.reject(new Error('connection closed'));
    subscribed();
    await new Promise(setImmediate);
    expect(room.isLoaded).toBe(false);
    channel.history = Channel.prototype.history;
    subscribed(true, true);
    await until(() => room.isLoaded);
    expect(words()).toEqual(said(1, 2, 3));
  });

  it('knows who is here from the response, and from later joins and leaves', async () => {
    subscribed();
    await until(() => room.isLoaded && room.presence.people.size === 1);
    const second = { ...info, client: 'c2' };
    const bob = { user: 'bob', client: 'c3', connInfo: { name: 'Bob' } };
    for (const joined of [second, bob, bob]) channel.emit('join', { info: joined });
    const here = () => [...room.presence.people.values()].map(({ name, windows }) => `${name} ${windows}`);
    expect(here()).toEqual(['Ada 2', 'Bob 1']);
    for (const left of [info, bob]) channel.emit('leave', { info: left });
    expect(here()).toEqual(['Ada 1']);
  });

  it('receives nothing more after it was left', async () => {
    channel.publish(1);
    subscribed();
    await until(() => room.isLoaded);
    room.leave();
    channel.publish(2);
    expect([words(), channel.isRemoved, channel.eventNames()]).toEqual([said(1), true, []]);
  });
});
