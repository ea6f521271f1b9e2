import { join } from 'node:path';
import { type LargeChannel, measureLargeChannel } from '../../bench/measures/large-channel';
import { scripts } from '../../package.json';

jest.setTimeout(600_000);

const START = [...scripts.start.split(' ').slice(1), '--port', '0'];

describe('a publication to 3,000 sockets of the local gateway, 300 of which have vanished', () => {
  let result: LargeChannel;
  beforeAll(async () => {
    result = await measureLargeChannel(START, join(__dirname, '../..'), {
      connections: 3_000,
      vanished: 300,
    });
  });

  it('reaches everybody who is there', () => {
    expect(result.received).toBe(2_700);
  });

  it('is split over workers, and its report is right', () => {
    expect(result.report).toMatchObject({
      ...{ members: 3_000, sent: 2_700, gone: 300, pending: 0, failed: 0, unfinished: 0, reasons: {} },
    });
    expect(result.report.workers).toBeGreaterThanOrEqual(3);
  });

  it('takes as long as the gateway makes it take at least', () => {
    expect(result.report.seconds).toBeGreaterThanOrEqual(0.9 * result.floorSeconds);
  });

  it('has those who have vanished cleaned up, so that the next one does not post to them', () => {
    expect(result.settled).toBe(300);
    expect(result.afterwards).toMatchObject({ members: 2_700, sent: 2_700, gone: 0 });
  });
});
