import fc from 'fast-check';
import { startDatabase, type TestDatabase } from '../database';
import { Crowd } from '../lib/channels/crowd';

const CHANNELS = ['news', 'sport', 'weather'];
const SEATS = 4;

interface Change {
  seat: number;
  channel: string;
  enters: boolean;
}

type Step =
  | { kind: 'connect'; seat: number; channels: string[] }
  /** Concurrent actions, each for another channel or client. */
  | { kind: 'change'; changes: Change[] }
  | { kind: 'go'; seat: number; told: boolean }
  | { kind: 'publish'; channels: string[] };

const seat = fc.nat(SEATS - 1);
const channels = (minLength: number) =>
  fc.uniqueArray(fc.constantFrom(...CHANNELS), { minLength, maxLength: 3 });
const change = fc.record({ seat, channel: fc.constantFrom(...CHANNELS), enters: fc.boolean() });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect'), seat, channels: channels(0) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      changes: fc.uniqueArray(change, {
        minLength: 1,
        maxLength: 5,
        selector: ({ seat, channel }) => `${seat} ${channel}`,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('go'), seat, told: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish'), channels: channels(1) }) },
);

/** The expected state: the open connections by id, and their channels. */
class Model {
  readonly channelsOf = new Map<string, Set<string>>();
  readonly vanished = new Set<string>();
  readonly settled: string[] = [];
  readonly #seats = new Map<number, string>();

  at(seat: number): string | undefined {
    return this.#seats.get(seat);
  }

  sit(seat: number, id: string, channels: string[]): void {
    this.#seats.set(seat, id);
    this.channelsOf.set(id, new Set(channels));
  }

  settle(id: string): void {
    this.settled.push(id);
    this.channelsOf.delete(id);
    for (const [seat, other] of this.#seats) if (other === id) this.#seats.delete(seat);
  }

  membersOf(channels: string[]): string[] {
    const isIn = ([, entered]: [string, Set<string>]) => channels.some((channel) => entered.has(channel));
    return [...this.channelsOf].filter(isIn).map(([id]) => id);
  }
}

async function take(step: Step, crowd: Crowd, model: Model, text: string): Promise<void> {
  switch (step.kind) {
    case 'connect':
      if (!model.at(step.seat)) model.sit(step.seat, await crowd.connect(step.channels), step.channels);
      return;
    case 'change':
      await Promise.all(step.changes.map((change) => enterOrLeave(change, crowd, model)));
      return;
    case 'go':
      await go(step, crowd, model);
      return;
    case 'publish':
      await publish(step.channels, crowd, model, text);
  }
}

async function enterOrLeave({ seat, channel, enters }: Change, crowd: Crowd, model: Model): Promise<void> {
  const id = model.at(seat);
  const channels = id && model.channelsOf.get(id);
  if (!channels) return;
  const socket = await crowd.socket(id);
  if (enters) {
    expect(await socket.subscribe(channel)).toBe(true);
    channels.add(channel);
  } else {
    expect(await socket.unsubscribe(channel)).toBe(channels.delete(channel));
  }
}

async function go(
  { seat, told }: { seat: number; told: boolean },
  crowd: Crowd,
  model: Model,
): Promise<void> {
  const id = model.at(seat);
  if (!id || model.vanished.has(id)) return;
  if (told) {
    await crowd.close(id);
    model.settle(id);
  } else {
    crowd.vanish(id);
    model.vanished.add(id);
  }
}

/** It reaches the members once. Those that have vanished are noticed and cleaned up. */
async function publish(channels: string[], crowd: Crowd, model: Model, text: string): Promise<void> {
  const members = model.membersOf(channels);
  const found = members.filter((id) => model.vanished.has(id));
  const present = members.filter((id) => !model.vanished.has(id));
  const { report, to } = await crowd.publish(channels, text);
  expect(to.sort()).toEqual(present.sort());
  expect(report).toMatchObject({
    ...{ members: present.length + found.length, sent: present.length, gone: found.length },
    ...{ pending: 0, failed: 0, reasons: {} },
  });
  for (const id of found) model.settle(id);
}

async function expectBothSidesToAgree(crowd: Crowd, model: Model): Promise<void> {
  const idsIn = async (channel: string) =>
    (await crowd.rowsOfChannel(channel)).map(({ sk }) => sk.replace(/^MEMBER#..#/, '')).sort();
  for (const channel of CHANNELS) expect(await idsIn(channel)).toEqual(model.membersOf([channel]).sort());
  expect(await idsIn('*')).toEqual([...model.channelsOf.keys()].sort());
  for (const [id, channels] of model.channelsOf) {
    const memberships = [...channels].map((channel) => ({ sk: `CHANNEL#${channel}`, state: 'in' }));
    const rows = [...memberships, { sk: 'CONNECTION', state: 'open' }];
    expect(await crowd.rowsOfConnection(id)).toMatchObject(rows.sort((a, b) => (a.sk < b.sk ? -1 : 1)));
  }
  for (const id of model.settled) {
    expect(await crowd.rowsOfConnection(id)).toMatchObject([
      { sk: 'CONNECTION', state: 'closed', done: true },
    ]);
  }
}

describe('channels on DynamoDB', () => {
  let database: TestDatabase;
  let crowds = 0;
  beforeAll(async () => {
    database = await startDatabase();
  });
  beforeEach(() => {
    jest.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => database.stop());

  it('have the same members on both sides, and reach exactly those, in any order of actions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
        const crowd = new Crowd(database, `crowd-${++crowds}`);
        const model = new Model();
        for (const [n, one] of steps.entries()) await take(one, crowd, model, `text ${n}`);
        await expectBothSidesToAgree(crowd, model);
        await crowd.sweep();
        for (const id of model.vanished) if (model.channelsOf.has(id)) model.settle(id);
        await expectBothSidesToAgree(crowd, model);
      }),
      { numRuns: 20 },
    );
  });
});
