import { join } from 'node:path';
import { measurePresenceCrowd, type PresenceCrowd } from '../../bench/measures/presence-crowd';
import { scripts } from '../../package.json';

jest.setTimeout(600_000);

const USERS = 1_000;
const START = [...scripts.start.split(' ').slice(1), '--port', '0'];

describe('a thousand sockets of the local gateway that come into a room at once', () => {
  let result: PresenceCrowd;
  beforeAll(async () => {
    result = await measurePresenceCrowd(START, join(__dirname, '../..'), { users: USERS });
    process.stdout.write(`presence: ${JSON.stringify(result)}\n`);
  });

  /** A machine that is busy lets them come more slowly, and then what is promised is a list a second. */
  it('get three lists each at most, or one for each second in which they come', () => {
    expect(result.most).toBeLessThanOrEqual(Math.max(3, Math.ceil(result.comingSeconds)));
  });

  it('get one list at least', () => {
    expect(result.least).toBeGreaterThanOrEqual(1);
  });

  it('have the same last list', () => {
    expect(result.lastRevisions).toBe(1);
  });
});
