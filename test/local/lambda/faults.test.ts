import { ManualClock } from '../../../local/clock';
import { Faults } from '../../../local/faults/faults';
import { Fixture, RememberingLog } from './function-fixture';

/** Counts the invocations of its environment, and logs the count before it responds. */
const COUNTING = `let count = 0;
exports.handler = async () => { count += 1; console.log('ran ' + count); return count; };`;

describe('the fault', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  function counting(faults: Faults, clock = new ManualClock()) {
    const log = new RememberingLog();
    const single = fixture.function('Counting', { 'index.js': COUNTING }, { timeoutSeconds: 7 });
    return { host: fixture.host([single], { faults, log, clock }), log, clock };
  }

  it('function-crash ends environments before the handler runs, or after it has run', async () => {
    const faults = new Faults({ 'function-crash': 1 });
    const { host, log } = counting(faults);
    for (let n = 0; n < 8; n += 1) {
      expect(await host.invoke('Counting', '{}')).toMatchObject({
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/Runtime exited with error: exit status 1$/),
      });
    }
    const ran = log.texts.filter((text) => text.includes('ran 1')).length;
    expect(ran).toBeGreaterThan(0);
    expect(ran).toBeLessThan(8);
    faults.switchOff('function-crash');
    expect(await host.invoke('Counting', '{}')).toMatchObject({ payload: '1' });
  });

  it('function-freeze holds an invocation until its timeout, and ends its environment', async () => {
    const faults = new Faults({ 'function-freeze': 1 });
    const { host, log, clock } = counting(faults);
    const invoked = host.invoke('Counting', '{}');
    await log.until(() => log.starts.length === 1);
    clock.advance(6_999);
    expect(log.ends).toEqual([]);
    clock.advance(1);
    expect(await invoked).toMatchObject({
      errorMessage: expect.stringMatching(/Task timed out after 7\.00 seconds/),
    });
    expect(log.texts).toEqual([]);
    faults.switchOff('function-freeze');
    expect(await host.invoke('Counting', '{}')).toMatchObject({ payload: '1' });
  });

  it('function-cold gives an invocation a new environment', async () => {
    const faults = new Faults();
    const { host, log } = counting(faults);
    await host.invoke('Counting', '{}');
    expect(await host.invoke('Counting', '{}')).toMatchObject({ payload: '2' });
    faults.switchOn('function-cold', 1);
    expect(await host.invoke('Counting', '{}')).toMatchObject({ payload: '1' });
    expect(log.starts.map(({ coldStart }) => coldStart)).toEqual([true, false, true]);
  });

  it('function-throttled refuses an invocation, and retries an event', async () => {
    const faults = new Faults({ 'function-throttled': 1 });
    const { host, log, clock } = counting(faults);
    expect(await host.invoke('Counting', '{}')).toMatchObject({ errorType: 'TooManyRequestsException' });
    host.invokeAsync('Counting', '{}');
    await log.until(() => log.notices.length === 1);
    faults.switchOff('function-throttled');
    clock.advance(1_000);
    await log.until(() => log.ends.length === 1);
    expect(log.ends[0]?.outcome).toMatchObject({ payload: '1' });
  });
});
