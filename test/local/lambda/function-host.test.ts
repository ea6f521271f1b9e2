import { ManualClock } from '../../../local/clock';
import type { HostLimits } from '../../../local/lambda/host-limits';
import type { InvocationOutcome } from '../../../local/lambda/invocation';
import { Fixture, RememberingLog } from './function-fixture';

describe('FunctionHost', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  it('runs a function by its aliases and versions, and by no others', async () => {
    const single = fixture.function('Single', { 'index.js': 'exports.handler = async () => 1' });
    const log = new RememberingLog();
    const host = fixture.host([{ ...single, qualifiers: { live: '1' } }], { log });
    expect(await host.invoke('Single:live', '{}')).toMatchObject({ payload: '1' });
    expect(log.starts.map(({ functionName }) => functionName)).toEqual(['Single']);
    expect(await host.invoke('Single:blue', '{}')).toMatchObject({ kind: 'failure' });
  });

  it('fails an invocation of a missing function', async () => {
    const outcome = await fixture.host([]).invoke('Nobody', '{}');
    expect(outcome).toMatchObject({ kind: 'failure', errorType: 'ResourceNotFoundException' });
  });

  describe('environments', () => {
    it('reuses a warm environment', async () => {
      const source = 'let count = 0; exports.handler = async () => ++count';
      const host = fixture.host([fixture.function('Warm', { 'index.js': source })]);
      await host.invoke('Warm', '{}');
      expect(await host.invoke('Warm', '{}')).toMatchObject({ payload: '2' });
      expect(host.environmentCount).toBe(1);
    });

    it('run one invocation at a time', async () => {
      const source = `let running = 0, most = 0;
        exports.handler = async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 2));
          running--;
          return most;
        }`;
      const host = fixture.host([fixture.function('Alone', { 'index.js': source })]);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => host.invoke('Alone', '{}')));
      expect(new Set(outcomes.map(({ payload }) => payload))).toEqual(new Set(['1']));
    });

    it('wait briefly for a busy one before another is started', async () => {
      const source = `let count = 0;
        exports.handler = async () => new Promise((resolve) => setTimeout(() => resolve(++count), 20))`;
      const clock = new ManualClock();
      const host = fixture.host([fixture.function('Busy', { 'index.js': source })], { clock });
      await host.invoke('Busy', '{}');
      const [, second] = await Promise.all([host.invoke('Busy', '{}'), host.invoke('Busy', '{}')]);
      expect(second).toMatchObject({ payload: '3' });
      expect(host.environmentCount).toBe(1);

      const outcomes = [host.invoke('Busy', '{}'), host.invoke('Busy', '{}')];
      clock.advance(20);
      expect(host.environmentCount).toBe(2);
      expect(await Promise.all(outcomes)).toMatchObject([{ payload: '4' }, { payload: '1' }]);
    });

    /** Two warm environments of a function that returns a number for its environment. */
    const warmPair = async (limits: Partial<HostLimits>) => {
      const clock = new ManualClock();
      const source = 'const own = Math.random(); exports.handler = async () => own';
      const host = fixture.host([fixture.function('Pair', { 'index.js': source })], { clock, limits });
      const answers = async (...outcomes: Promise<InvocationOutcome>[]) =>
        (await Promise.all(outcomes)).map(({ payload }) => payload);
      const own = await answers(host.invoke('Pair', '{}'), host.invoke('Pair', '{}'));
      expect(new Set(own).size).toBe(2);
      return { clock, invoke: () => host.invoke('Pair', '{}'), answers };
    };
    const USUALLY_SOONER = { spreadMillis: 10_000, soonDone: 0 };
    const USUALLY_LATER = { spreadMillis: 0, soonDone: 0 };
    const JUST_BEGUN = { spreadMillis: 10_000, soonDone: 1_000_000 };

    it('does not start a second one while the first usually finishes in a moment', async () => {
      const { invoke, answers } = await warmPair(USUALLY_SOONER);
      const [one, other] = await answers(invoke(), invoke());
      expect(other).toBe(one);
    });

    it('starts a second one if the first takes longer than usual', async () => {
      const { clock, invoke, answers } = await warmPair(USUALLY_SOONER);
      const both = [invoke(), invoke()];
      clock.advance(USUALLY_SOONER.spreadMillis);
      const [one, other] = await answers(...both);
      expect(other).not.toBe(one);
    });

    it('starts a second one for an event that would not be the next of the first', async () => {
      const { invoke, answers } = await warmPair(USUALLY_SOONER);
      expect(new Set(await answers(invoke(), invoke(), invoke())).size).toBe(2);
    });

    it('starts a second one immediately while the first has only started, so that both run concurrently', async () => {
      const { invoke, answers } = await warmPair(JUST_BEGUN);
      const [one, other] = await answers(invoke(), invoke());
      expect(other).not.toBe(one);
    });

    it('starts a second one immediately if the function usually takes longer', async () => {
      const { invoke, answers } = await warmPair(USUALLY_LATER);
      const [one, other] = await answers(invoke(), invoke());
      expect(other).not.toBe(one);
    });

    it('handles a storm of events with few threads, loses none and keeps their order', async () => {
      const log = new RememberingLog();
      const source = 'exports.handler = async (event) => event.number';
      const host = fixture.host([fixture.function('Storm', { 'index.js': source })], {
        log,
        limits: { environmentsPerFunction: 3, environments: 3 },
      });
      const numbers = Array.from({ length: 500 }, (_, number) => number);
      const outcomes = numbers.map((number) => host.invoke('Storm', JSON.stringify({ number })));
      const started: string[] = [];
      log.start = ({ requestId }) => started.push(requestId);
      expect((await Promise.all(outcomes)).map(({ payload }) => Number(payload))).toEqual(numbers);
      expect(host.environmentCount).toBe(3);
      expect(started).toEqual((await Promise.all(outcomes)).slice(3).map(({ requestId }) => requestId));
    });

    it('shares the limit between functions, with at least one for each', async () => {
      const source = 'exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 5))';
      const functions = ['One', 'Two', 'Three'].map((name) => fixture.function(name, { 'index.js': source }));
      const host = fixture.host(functions, { limits: { environments: 2 } });
      const outcomes = functions.flatMap(({ functionName }) =>
        Array.from({ length: 10 }, () => host.invoke(functionName, '{}')),
      );
      expect(host.environmentCount).toBeLessThanOrEqual(4);
      for (const outcome of await Promise.all(outcomes)) expect(outcome.kind).toBe('success');
    });

    const FAST = { 'index.js': 'exports.handler = async () => {}' };

    it('keeps a limited number of idle threads, for any number of functions', async () => {
      const functions = Array.from({ length: 12 }, (_, number) => fixture.function(`Fast${number}`, FAST));
      const host = fixture.host(functions, { limits: { environments: 3, environmentsUnderStall: 6 } });
      const outcomes = functions.map(({ functionName }) => host.invoke(functionName, '{}'));
      expect(host.environmentCount).toBe(6);
      for (const outcome of await Promise.all(outcomes)) expect(outcome.kind).toBe('success');
      while (host.environmentCount > 3) await host.invoke('Fast11', '{}');
      expect(host.environmentCount).toBe(3);
    });

    it('first ends the threads of the function that was unused for the longest time', async () => {
      const clock = new ManualClock();
      const log = new RememberingLog();
      const functions = ['Old', 'Used', 'New'].map((name) => fixture.function(name, FAST));
      const host = fixture.host(functions, { clock, log, limits: { environments: 2 } });
      for (const name of ['Old', 'Used', 'Old', 'New', 'Old', 'Used']) {
        await host.invoke(name, '{}');
        clock.advance(1);
      }
      expect(log.starts.map(({ coldStart }) => coldStart)).toEqual([true, true, false, true, false, true]);
    });

    describe('of other functions that are idle, at the limit of all functions', () => {
      const held = `exports.handler = async ({ wait }) => {
        if (!wait) return;
        console.log('waiting');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }`;
      const warm = async (limits: Partial<HostLimits> = {}) => {
        const clock = new ManualClock();
        const log = new RememberingLog();
        const names = ['Held', 'One', 'Two', 'Three'];
        const host = fixture.host(
          [...names, 'New'].map((name) =>
            fixture.function(name, name === 'Held' ? { 'index.js': held } : FAST),
          ),
          { clock, log, limits: { environments: 4, environmentsUnderStall: 4, ...limits } },
        );
        for (const name of names) {
          await host.invoke(name, '{}');
          clock.advance(1);
        }
        return { clock, log, host };
      };
      const hold = async ({ host, log }: Awaited<ReturnType<typeof warm>>) => {
        void host.invoke('Held', '{"wait":true}');
        await log.until(() => log.texts.includes('waiting'));
      };
      const startsCold = async ({ host, log }: Awaited<ReturnType<typeof warm>>, ...names: string[]) => {
        for (const name of names) await host.invoke(name, '{}');
        return log.starts.slice(-names.length).map(({ coldStart }) => coldStart);
      };

      it('stay while events wait for a busy one', async () => {
        const test = await warm();
        await hold(test);
        const outcomes = [1, 2, 3, 4].map(() => test.host.invoke('Held', '{}'));
        const cold = await startsCold(test, 'One', 'Two', 'Three');
        test.clock.advance(60_000);
        expect(cold).toEqual([false, false, false]);
        for (const { kind } of await Promise.all(outcomes)) expect(kind).toBe('success');
      });

      it('end one by one for those that are started after the wait', async () => {
        const test = await warm();
        await hold(test);
        const second = test.host.invoke('Held', '{}');
        test.clock.advance(20);
        expect(await second).toMatchObject({ kind: 'success' });
        const cold = await startsCold(test, 'Two', 'Three');
        test.clock.advance(60_000);
        expect(cold).toEqual([false, false]);
      });

      it('stay while nothing finishes because one is still loading', async () => {
        const test = await warm({ environmentsPerFunction: 1 });
        const outcomes = [test.host.invoke('New', '{}'), test.host.invoke('New', '{}')];
        for (let stalls = 0; stalls < 3; stalls++) test.clock.advance(250);
        for (const { kind } of await Promise.all(outcomes)) expect(kind).toBe('success');
        expect(await startsCold(test, 'One', 'Two', 'Three')).toEqual([false, false, false]);
      });
    });

    it('starts one more if long invocations occupy all of them', async () => {
      const clock = new ManualClock();
      const log = new RememberingLog();
      const source = `exports.handler = async ({ wait }) => {
        if (!wait) return;
        console.log('waiting');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }`;
      const host = fixture.host([fixture.function('Held', { 'index.js': source })], {
        clock,
        log,
        limits: { environmentsPerFunction: 1, stallMillis: 100 },
      });
      void host.invoke('Held', '{"wait":true}');
      await log.until(() => log.texts.includes('waiting'));
      const second = host.invoke('Held', '{}');
      expect(host.environmentCount).toBe(1);
      clock.advance(100);
      expect(await second).toMatchObject({ kind: 'success' });
      expect(host.environmentCount).toBe(2);
      clock.advance(60_000);
    });

    it('starts no more while one is still loading its function', async () => {
      const clock = new ManualClock();
      const host = fixture.host(
        [fixture.function('Slow', { 'index.js': 'exports.handler = async () => 1' })],
        {
          clock,
          limits: { environmentsPerFunction: 1, stallMillis: 100 },
        },
      );
      const both = [host.invoke('Slow', '{}'), host.invoke('Slow', '{}')];
      for (let stalls = 0; stalls < 5; stalls++) clock.advance(100);
      expect(host.environmentCount).toBe(1);
      expect(await Promise.all(both)).toMatchObject([{ kind: 'success' }, { kind: 'success' }]);
      expect(host.environmentCount).toBe(1);
    });

    it('ends idle ones after a while, except one', async () => {
      const clock = new ManualClock();
      const source = 'exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 20))';
      const host = fixture.host([fixture.function('Idle', { 'index.js': source })], {
        clock,
        limits: { environmentsPerFunction: 3, idleMillis: 1_000 },
      });
      await Promise.all([1, 2, 3].map(() => host.invoke('Idle', '{}')));
      expect(host.environmentCount).toBe(3);
      clock.advance(1_000);
      // The threads take a moment to end, but an invocation takes longer.
      while (host.environmentCount > 1) await host.invoke('Idle', '{}');
      clock.advance(10_000);
      await host.invoke('Idle', '{}');
      expect(host.environmentCount).toBe(1);
    });

    it('refuses events above the limit, as Lambda throttles', async () => {
      const source = 'exports.handler = async () => {}';
      const host = fixture.host([fixture.function('Full', { 'index.js': source })], {
        limits: { environmentsPerFunction: 1, waitingInvocations: 2 },
      });
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => host.invoke('Full', '{}')));
      expect(outcomes.map((outcome) => outcome.kind === 'failure' && outcome.errorType)).toEqual([
        false,
        false,
        false,
        'TooManyRequestsException',
      ]);
    });
  });

  describe('replace', () => {
    it('runs the new code for the next invocation', async () => {
      const before = fixture.function('Changing', { 'index.js': 'exports.handler = async () => "old"' });
      const host = fixture.host([before]);
      expect(await host.invoke('Changing', '{}')).toMatchObject({ payload: '"old"' });
      host.replace([fixture.function('Changing', { 'index.js': 'exports.handler = async () => "new"' })]);
      expect(await host.invoke('Changing', '{}')).toMatchObject({ payload: '"new"' });
    });

    it('lets a running invocation finish with the old code', async () => {
      const log = new RememberingLog();
      const source = `exports.handler = async () => {
        console.log('running');
        await new Promise((resolve) => setTimeout(resolve, 20));
        return "old";
      }`;
      const host = fixture.host([fixture.function('Busy', { 'index.js': source })], { log });
      const running = host.invoke('Busy', '{}');
      await log.until(() => log.texts.includes('running'));
      host.replace([fixture.function('Busy', { 'index.js': 'exports.handler = async () => "new"' })]);
      const next = host.invoke('Busy', '{}');
      expect(await running).toMatchObject({ payload: '"old"' });
      expect(await next).toMatchObject({ payload: '"new"' });
    });

    it('forgets a removed function', async () => {
      const host = fixture.host([
        fixture.function('Gone', { 'index.js': 'exports.handler = async () => 1' }),
      ]);
      await host.invoke('Gone', '{}');
      host.replace([]);
      expect(await host.invoke('Gone', '{}')).toMatchObject({ errorType: 'ResourceNotFoundException' });
    });
  });

  describe('close', () => {
    it('lets running and waiting invocations finish, and accepts no new ones', async () => {
      const source =
        'exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 10, "done"))';
      const host = fixture.host([fixture.function('Closing', { 'index.js': source })], {
        limits: { environmentsPerFunction: 1 },
      });
      const open = [host.invoke('Closing', '{}'), host.invoke('Closing', '{}')];
      const closed = host.close();
      expect(await host.invoke('Closing', '{}')).toMatchObject({ errorType: 'ServiceException' });
      await closed;
      expect((await Promise.all(open)).map(({ payload }) => payload)).toEqual(['"done"', '"done"']);
      expect(host.environmentCount).toBe(0);
    });

    it('waits no longer than its timeout', async () => {
      const clock = new ManualClock();
      const log = new RememberingLog();
      const source = "exports.handler = async () => { console.log('loop'); for (;;) {} }";
      const host = fixture.host([fixture.function('Endless', { 'index.js': source })], {
        clock,
        log,
        limits: { closeMillis: 100, environmentsPerFunction: 1 },
      });
      const running = host.invoke('Endless', '{}');
      const waiting = host.invoke('Endless', '{}');
      await log.until(() => log.texts.includes('loop'));
      const closed = host.close();
      clock.advance(100);
      await closed;
      expect(await running).toMatchObject({ errorType: 'Runtime.ExitError' });
      expect(await waiting).toMatchObject({ errorType: 'ServiceException' });
    });
  });
});
