import { setTimeout as wait } from 'node:timers/promises';
import { ChatRows } from '../runtime/chat-rows';
import { Crowd } from './soak-crowd';
import { SoakProcess } from './soak-process';

/** How long clients connect and leave. */
const SOAK_SECONDS = Number(process.env.SOAK_SECONDS ?? 600);
const WARM_UP_SHARE = 0.3;
/** How many clients at a time. */
const CLIENTS = 40;
const SEED = 1;
const FAULTS = {
  'lost-disconnect': 0.1,
  'late-disconnect': 3,
  'half-open': 0.05,
  'answer-lost': 0.02,
  throttled: 0.05,
};
/** The opening window, and the lease of an interrupted cleanup, each with a margin. */
const QUIET_MILLIS = 50_000;
const MOST_GROWTH_MEGABYTES = 80;
/** The rate of errors that lost responses cause when they repeatedly hit the SDK's own retries. */
const INJECTED = /ECONNRESET|socket hang up/;
/** Errors that a machine with too little time causes by itself. The runtime's event loop shows it. */
const STARVED = /ECONNRESET|socket hang up|Task timed out|no answer \(within/;
const STARVING_MILLIS = 500;

jest.setTimeout((SOAK_SECONDS + 180) * 1000);

describe(`${SOAK_SECONDS} seconds of coming and going, with every fault on`, () => {
  let host: SoakProcess;
  let crowd: Crowd;
  let rows: ChatRows;
  let warmMegabytes: number;
  let megabytes: number;
  let namesHere: string[];

  beforeAll(async () => {
    host = new SoakProcess(FAULTS, SEED);
    const { url, dynamodbUrl, tableName } = await host.ready();
    rows = new ChatRows(dynamodbUrl, tableName);
    crowd = new Crowd(url, CLIENTS, SEED);
    await crowd.churn(SOAK_SECONDS * 1000 * WARM_UP_SHARE);
    warmMegabytes = await host.memoryMegabytes();
    await crowd.churn(SOAK_SECONDS * 1000 * (1 - WARM_UP_SHARE));
    await host.stopFaults();
    await wait(QUIET_MILLIS);
    expect([await host.sweep(), await host.sweep()]).toEqual(['success', 'success']);
    namesHere = crowd.live.map(({ name }) => name).sort();
  });

  afterAll(async () => {
    rows?.close();
    crowd?.disperse();
    host?.kill();
  });

  it('leaves connected clients', () => {
    expect(namesHere.length).toBeGreaterThan(CLIENTS / 2);
  });

  it('leaves the right list in all of them', () => {
    for (const client of crowd.live) expect([...client.users].sort()).toEqual(namesHere);
  });

  it('leaves anchors of exactly the connected clients', async () => {
    const anchors = (await rows.anchors()).map(({ sk }) => sk.split('#')[2]);
    expect(anchors.sort()).toEqual(crowd.live.map(({ id }) => id).sort());
  });

  it('leaves only closed marks of the others', async () => {
    const ids = new Set(crowd.live.map(({ id }) => id));
    const others = (await rows.connections()).filter(({ pk }) => !ids.has(pk.slice('CONNECTION#'.length)));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter(({ state, done }) => state !== 'closed' || done !== true)).toEqual([]);
  });

  it('delivers a line to all of them, once', async () => {
    const [speaker] = crowd.live;
    if (!speaker) throw new Error('Nobody is here.');
    crowd.heardBy.set('the last line', []);
    crowd.say(speaker, 'the last line');
    await wait(3_000);
    const listeners = crowd.heardBy.get('the last line') ?? [];
    expect(listeners.map(({ name }) => name).sort()).toEqual(namesHere);
  });

  it('uses no more memory than when it was warm', async () => {
    megabytes = await host.memoryMegabytes();
    expect(megabytes - warmMegabytes).toBeLessThan(MOST_GROWTH_MEGABYTES);
  });

  it('had no crash and no error except the injected ones', async () => {
    const summary = await host.summary();
    const { counts } = crowd;
    const settled = (await rows.connections()).filter(({ done }) => done === true).length;
    console.log(
      [
        `${counts.connected} clients (${counts.refused} refused, ${counts.left} left politely, ${counts.vanished} vanished), ${namesHere.length} here at the end`,
        `${counts.said} lines said, ${counts.heard} heard of ${counts.meant} meant, ${counts.errorFrames} error frames; ${summary.invocations} invocations`,
        summary.faults,
        `${settled} departures settled and still remembered`,
        `memory: ${warmMegabytes.toFixed(0)} MB when warm, ${megabytes.toFixed(0)} MB at the end, ${summary.peakMegabytes.toFixed(0)} MB at most with the functions' threads`,
        `the event loop stood still for ${summary.longestStallMillis.toFixed(0)} ms at most`,
        `failures: ${JSON.stringify(summary.failures)}`,
        `complaints: ${JSON.stringify(summary.complaints)}`,
      ].join('\n'),
    );
    expect(host.exit).toBeUndefined();
    const failures = Object.keys({ ...summary.failures, ...summary.complaints });
    const explained = summary.longestStallMillis > STARVING_MILLIS ? STARVED : INJECTED;
    expect(failures.filter((text) => !explained.test(text))).toEqual([]);
    expect(await host.stop()).toBe(0);
  });
});
