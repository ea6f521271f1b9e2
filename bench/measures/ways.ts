/**
 * Measures how long a message and its answer take, for each way in which a class can receive messages: hook, inbox,
 * or dedicated loop.
 */
import { SharedConnection } from '../../lib';
import { Crowd } from '../crowd';
import type { Row } from '../page';
import type { ServerProcess } from '../server-process';
import { percentile } from '../statistics';

const ROUNDS = 3;
const ONE_BY_ONE = 40;
const AT_ONCE = 200;
const WARM_UP = 100;

interface Way {
  what: string;
  crowd: Crowd;
}

interface Sample {
  /** The delay in milliseconds, with one message at a time. */
  delays: number[];
  /** The messages a second if many are sent at the same time. */
  rate: number;
}

/**
 * This process reads the inbox. Like any other process, it only needs the variables that the server prints for
 * export.
 */
export async function measureWays(server: ServerProcess): Promise<Row[]> {
  Object.assign(process.env, server.exported);
  const hook = { what: 'onClientMessage', crowd: await Crowd.connect(server.url('library'), 1) };
  const inbox = {
    what: 'inbox, and read in another process',
    crowd: await Crowd.connect(server.url('inbox'), 1),
  };
  const loop = { what: 'dedicated loop', crowd: await Crowd.connect(server.url('dedicated'), 1) };
  const webSocketId = await inbox.crowd.heard();
  await loop.crowd.heard();
  void answerFromHere(webSocketId);

  const samples = new Map<Way, Sample[]>([hook, inbox, loop].map((way) => [way, []]));
  for (const { crowd } of samples.keys()) await many(crowd, WARM_UP);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [way, taken] of samples) taken.push(await sample(way.crowd));
  }
  for (const { crowd } of samples.keys()) crowd.vanish();
  const baseline = samples.get(hook) ?? [];
  return [inbox, loop].flatMap((way) => rowsOf(way.what, samples.get(way) ?? [], baseline));
}

/** Runs until the socket closes. */
async function answerFromHere(webSocketId: string): Promise<void> {
  const socket = await SharedConnection.open(webSocketId);
  try {
    for await (const message of socket.messages()) await socket.write(message);
  } catch {
    // The server has stopped in the meantime.
  }
}

async function sample(crowd: Crowd): Promise<Sample> {
  const delays: number[] = [];
  for (let n = 0; n < ONE_BY_ONE; n += 1) {
    const sentAt = performance.now();
    await crowd.say('hello', 1);
    delays.push(performance.now() - sentAt);
  }
  return { delays, rate: await many(crowd, AT_ONCE) };
}

async function many(crowd: Crowd, count: number): Promise<number> {
  const begun = performance.now();
  await crowd.say('hello', count, count);
  return count / ((performance.now() - begun) / 1_000);
}

function rowsOf(what: string, ours: Sample[], baseline: Sample[]): Row[] {
  const delay = ({ delays }: Sample) => percentile(delays, 50);
  const rate = (sample: Sample) => sample.rate;
  return [
    {
      what: `${what}: delay p50`,
      unit: 'ms',
      ours: ours.map(delay),
      baseline: baseline.map(delay),
      better: 'lower',
    },
    {
      what: `${what}: ${AT_ONCE} at once`,
      unit: 'per s',
      ours: ours.map(rate),
      baseline: baseline.map(rate),
      better: 'higher',
    },
  ];
}
