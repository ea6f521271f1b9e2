/**
 * Measures how long each command of a Centrifuge client takes until its reply, one at a time, compared with a message
 * that is posted back.
 */
import { connectionToken } from '../../lib/realtime/token';
import { Crowd } from '../crowd';
import type { Row } from '../page';
import type { ServerProcess } from '../server-process';
import { percentile } from '../statistics';

const ROUNDS = 3;
const CLIENTS_A_ROUND = 20;
const SECRET = 'bench';

interface Command {
  what: string;
  request(room: string): object;
  /** The number of frames that it causes: the reply, and the publication. @default 1 */
  frames?: number;
}

const token = () => connectionToken({ user: 'ada', info: { name: 'Ada' } }, SECRET);
const COMMANDS: Command[] = [
  { what: 'connect', request: () => ({ connect: { token: token() } }) },
  { what: 'rpc', request: () => ({ rpc: { method: 'echo', data: 'hello' } }) },
  { what: 'subscribe', request: (room) => ({ subscribe: { channel: `open/${room}` } }) },
  {
    what: 'publish',
    request: (room) => ({ publish: { channel: `open/${room}`, data: 'hello' } }),
    frames: 2,
  },
  { what: 'unsubscribe', request: (room) => ({ unsubscribe: { channel: `open/${room}` } }) },
  { what: 'subscribe to a log', request: (room) => ({ subscribe: { channel: `room/${room}` } }) },
  {
    what: 'publish to a log',
    request: (room) => ({ publish: { channel: `room/${room}`, data: 'hello' } }),
    frames: 2,
  },
  { what: 'presence', request: (room) => ({ presence: { channel: `room/${room}` } }) },
  { what: 'presence_stats', request: (room) => ({ presence_stats: { channel: `room/${room}` } }) },
  { what: 'history', request: (room) => ({ history: { channel: `room/${room}`, limit: 10 } }) },
  { what: 'refresh', request: () => ({ refresh: { token: token() } }) },
];

export async function measureRealtimeCommands(server: ServerProcess): Promise<Row[]> {
  const hook = await Crowd.connect(server.url('library'), 1);
  const ours = new Map(COMMANDS.map(({ what }) => [what, [] as number[]]));
  const baseline: number[] = [];
  await round(server, hook, 'warm up');
  for (let n = 0; n < ROUNDS; n += 1) {
    const delays = await round(server, hook, String(n));
    for (const [what, medians] of ours) medians.push(percentile(delays.get(what) ?? [], 50));
    baseline.push(percentile(delays.get('hook') ?? [], 50));
  }
  hook.vanish();
  return COMMANDS.map(({ what }) => ({
    ...{ what: `${what}: delay p50`, unit: 'ms', better: 'lower' as const },
    ...{ ours: ours.get(what) ?? [], baseline },
  }));
}

/** Measures the delays of each command, and of a message to the hook. */
async function round(server: ServerProcess, hook: Crowd, name: string): Promise<Map<string, number[]>> {
  const delays = new Map<string, number[]>();
  const timed = async (what: string, crowd: Crowd, text: string, frames = 1) => {
    const sentAt = performance.now();
    await crowd.say(text, frames);
    delays.set(what, [...(delays.get(what) ?? []), performance.now() - sentAt]);
  };
  for (let n = 0; n < CLIENTS_A_ROUND; n += 1) {
    const room = `${name.replace(' ', '-')}/${n}`;
    const client = await Crowd.connect(server.url('realtime'), 1);
    for (const [index, { what, request, frames }] of COMMANDS.entries()) {
      await timed(what, client, JSON.stringify({ id: index + 1, ...request(room) }), frames);
    }
    await timed('hook', hook, 'hello');
    client.vanish();
  }
  return delays;
}
