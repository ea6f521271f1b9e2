import { join } from 'node:path';
import { type LargeChannel, measureLargeChannel } from '../../bench/measures/large-channel';
import { scripts } from '../../package.json';

/** A tenth of them vanish. */
const CONNECTIONS = Number(process.env.LARGE_CHANNEL ?? 10_000);
const VANISHED = CONNECTIONS / 10;
const PRESENT = CONNECTIONS - VANISHED;

jest.setTimeout(600_000);

const START = [...scripts.start.split(' ').slice(1), '--port', '0'];

describe(`a publication to ${CONNECTIONS} sockets of the local gateway, ${VANISHED} of which have vanished`, () => {
  let result: LargeChannel;
  beforeAll(async () => {
    result = await measureLargeChannel(START, join(__dirname, '../..'), {
      connections: CONNECTIONS,
      vanished: VANISHED,
    });
  });

  it('reaches everyone who is there', () => {
    expect(result.received).toBe(PRESENT);
  });

  it('is split over workers, and its report is correct', () => {
    expect(result.report).toMatchObject({
      ...{
        members: CONNECTIONS,
        sent: PRESENT,
        gone: VANISHED,
        pending: 0,
        failed: 0,
        unfinished: 0,
        reasons: {},
      },
    });
    expect(result.report.workers).toBeGreaterThanOrEqual(CONNECTIONS / 1_000);
  });

  it('takes at least as long as the gateway’s rate requires', () => {
    expect(result.report.seconds).toBeGreaterThanOrEqual(0.9 * result.floorSeconds);
  });

  it('has vanished clients cleaned up, so that the next publication does not post to them', () => {
    expect(result.settled).toBe(VANISHED);
    expect(result.afterwards).toMatchObject({ members: PRESENT, sent: PRESENT, gone: 0 });
  });
});
