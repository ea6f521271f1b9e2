import { ManualClock } from '../../../local/clock';
import { Fixture, RememberingLog } from './function-fixture';

describe('Environment that breaks', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  /** Runs a handler that breaks, then a good event, and returns what came of the first. */
  const outcomeOf = async (body: string, log = new RememberingLog()) => {
    const source = `let events = 0; exports.handler = async ({ good }) => { events++; if (good) return events; ${body} }`;
    const host = fixture.host([fixture.function('Breaking', { 'index.js': source })], { log });
    const broken = await host.invoke('Breaking', '{}');
    // Had the environment been kept, it would have counted two events.
    expect(await host.invoke('Breaking', '{"good":true}')).toMatchObject({ payload: '1' });
    return broken;
  };

  const timeOut = async (body: string) => {
    const clock = new ManualClock(Date.UTC(2026, 0, 31, 12));
    const log = new RememberingLog();
    const source = `exports.handler = async ({ good }) => { if (good) return 1; console.log('begun'); ${body} }`;
    const host = fixture.host([fixture.function('Slow', { 'index.js': source })], { clock, log });
    const slow = host.invoke('Slow', '{}');
    await log.until(() => log.texts.includes('begun'));
    clock.advance(2_999);
    expect(log.ends).toEqual([]);
    clock.advance(1);
    const outcome = await slow;
    expect(await host.invoke('Slow', '{"good":true}')).toMatchObject({ payload: '1' });
    return { outcome, end: log.ends[0] };
  };

  it('times out a handler that waits too long', async () => {
    const { outcome, end } = await timeOut('await new Promise((resolve) => setTimeout(resolve, 60_000))');
    const errorMessage = `RequestId: ${outcome.requestId} Error: Task timed out after 3.00 seconds`;
    expect(outcome).toMatchObject({ kind: 'failure', errorType: 'Sandbox.Timedout', errorMessage });
    expect(JSON.parse(outcome.payload)).toEqual({ errorType: 'Sandbox.Timedout', errorMessage });
    expect(end).toMatchObject({
      durationMillis: 3_000,
      detail: `2026-01-31T12:00:03.000Z ${outcome.requestId} Task timed out after 3.00 seconds`,
    });
  });

  it('times out a handler that never lets go of the thread', async () => {
    const { outcome } = await timeOut('for (;;) {}');
    expect(outcome).toMatchObject({ errorType: 'Sandbox.Timedout' });
  });

  it('reports process.exit with its status', async () => {
    const outcome = await outcomeOf('process.exit(3)');
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited with error: exit status 3`,
    });
  });

  it('reports an exit without an error', async () => {
    const outcome = await outcomeOf('process.exit(0)');
    expect(outcome).toMatchObject({
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited without providing a reason`,
    });
  });

  it('reports a handler that waits for what can never come', async () => {
    const outcome = await outcomeOf('await new Promise(() => {})');
    expect(outcome).toMatchObject({
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited without providing a reason`,
    });
  });

  it('reports an exception that nobody catches, with its stack in the log', async () => {
    const log = new RememberingLog();
    const outcome = await outcomeOf(
      'setTimeout(function tick() { throw new Error("nobody catches me") }, 1); await new Promise((r) => setTimeout(r, 1000))',
      log,
    );
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited with error: exit status 1`,
    });
    expect(log.ends[0]?.detail).toMatch(/nobody catches me\n.*tick/);
  });

  it('reports a rejection that nobody handles', async () => {
    const outcome = await outcomeOf(
      'Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000))',
    );
    expect(outcome).toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  it('lets an exception of an earlier invocation break the next one', async () => {
    const source = `exports.handler = async ({ leave }) => {
      if (leave) setTimeout(() => { throw new Error('late') }, 0);
      else await new Promise((resolve) => setTimeout(resolve, 1000));
    }`;
    const host = fixture.host([fixture.function('Late', { 'index.js': source })]);
    // The timer falls due within the turn of the event loop before the answer, or at the thaw: an earlier answer proves the latter.
    const first = await host.invoke('Late', '{"leave":true}');
    if (first.kind === 'success') {
      expect(await host.invoke('Late', '{}')).toMatchObject({ errorType: 'Runtime.ExitError' });
    } else {
      expect(first).toMatchObject({ errorType: 'Runtime.ExitError' });
    }
  });

  it('reports a handler that takes more memory than it has', async () => {
    const outcome = await outcomeOf(
      'const all = []; for (;;) all.push(new Array(1e5).fill({}).map(() => ({})))',
    );
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited with error: signal: killed`,
    });
  });

  it('harms no other environment', async () => {
    const log = new RememberingLog();
    const host = fixture.host(
      [
        fixture.function('Steady', {
          'index.js': `exports.handler = async () => {
            console.log('begun');
            await new Promise((resolve) => setTimeout(resolve, 100));
            return 'steady';
          }`,
        }),
        fixture.function('Exiting', { 'index.js': 'exports.handler = async () => process.exit(1)' }),
      ],
      { log },
    );
    const steady = host.invoke('Steady', '{}');
    await log.until(() => log.texts.includes('begun'));
    expect(await host.invoke('Exiting', '{}')).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await steady).toMatchObject({ payload: '"steady"' });
  });
});
