import { join } from 'node:path';
import { measurePresenceCrowd, type PresenceCrowd } from '../../bench/measures/presence-crowd';
import { scripts } from '../../package.json';

jest.setTimeout(600_000);

const USERS = 1_000;
const START = [...scripts.start.split(' ').slice(1), '--port', '0'];

describe('a thousand sockets of the local gateway that join a room at the same time', () => {
  let result: PresenceCrowd;
  beforeAll(async () => {
    result = await measurePresenceCrowd(START, join(__dirname, '../..'), { users: USERS });
    process.stdout.write(`presence: ${JSON.stringify(result)}\n`);
  });

  /** On a busy machine, they join more slowly. Then the promise is one list a second. */
  it('receive at most three lists each, or one for each second in which they join', () => {
    expect(result.most).toBeLessThanOrEqual(Math.max(3, Math.ceil(result.comingSeconds)));
  });

  it('receive at least one list', () => {
    expect(result.least).toBeGreaterThanOrEqual(1);
  });

  it('have the same last list', () => {
    expect(result.lastRevisions).toBe(1);
  });
});
