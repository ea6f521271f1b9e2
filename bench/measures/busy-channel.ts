/**
 * Measures how many posts a busy channel with a log needs. Lines that arrive while others are being posted are
 * combined into frames.
 */
import { Service, WebSocketServer } from '../../lib';
import { sleep } from '../../lib/clock';
import { SkippingClock, TestService } from '../../lib/testing';

const PUBLISHERS = 50;
const MEMBERS = 20;
const LINES_OF_EACH = 10;
const CHANNEL = 'board';
/** Approximate durations of calls on AWS. */
const TABLE_MILLISECONDS = 5;
const POST_MILLISECONDS = 20;

class Board extends WebSocketServer {
  static override readonly channels = { [CHANNEL]: { log: { size: 1_000, seconds: 3_600 } } };

  override async onPreServer(): Promise<void> {
    await this.subscribe(CHANNEL);
  }
}

export interface BusyChannel {
  lines: number;
  members: number;
  posts: number;
  /** The lines of the log that each member has received. */
  offsets: number[][];
}

/** Runs in memory with a clock that skips idle time, so that the result does not depend on this machine. */
export async function measureBusyChannel(): Promise<BusyChannel> {
  const clock = new SkippingClock(Date.UTC(2026, 10, 30));
  let posts = 0;
  const test = new TestService(Board, {
    clock,
    intercept: async ({ to, operation }, apply) => {
      if (operation === 'POST') posts += 1;
      await sleep(clock, to === 'table' ? TABLE_MILLISECONDS : POST_MILLISECONDS);
      return apply();
    },
  });
  const members = [];
  for (let n = 0; n < MEMBERS; n++) members.push(await test.connect());
  const service = () =>
    new Service('chat', {
      backend: test.backend,
      serverClass: Board,
      serverFunction: 'chat-server',
      deadline: clock.now() + 29_000,
    });
  posts = 0;
  const publishers = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
    for (let n = 0; n < LINES_OF_EACH; n++) {
      await service().channel(CHANNEL).publish({ publisher, n });
      await test.runQueued();
    }
  });
  await Promise.all(publishers);
  await test.runQueued();
  const offsetsOf = (received: string[]) =>
    received.flatMap((frame) => frame.split('\n')).map((line) => JSON.parse(line).offset as number);
  return {
    lines: PUBLISHERS * LINES_OF_EACH,
    members: MEMBERS,
    posts,
    offsets: members.map(({ received }) => offsetsOf(received)),
  };
}
