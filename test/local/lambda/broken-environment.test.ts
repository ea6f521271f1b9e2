import { spawnSync } from 'node:child_process';
import { setImmediate as oneTurn } from 'node:timers/promises';
import { ManualClock } from '../../../local/clock';
import { Fixture, RememberingLog } from './function-fixture';

describe('An environment that breaks', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  /** Runs a handler that breaks, then a good event, and returns the outcome of the first. */
  const outcomeOf = async (body: string, log = new RememberingLog()) => {
    const source = `let events = 0; exports.handler = async ({ good }) => { events++; if (good) return events; ${body} }`;
    const host = fixture.host([fixture.function('Breaking', { 'index.js': source })], { log });
    const broken = await host.invoke('Breaking', '{}');
    // If the environment had been kept, it would have counted two events.
    expect(await host.invoke('Breaking', '{"good":true}')).toMatchObject({ payload: '1' });
    return broken;
  };

  const timeOut = async (body: string) => {
    const clock = new ManualClock(Date.UTC(2026, 0, 31, 12));
    const log = new RememberingLog();
    const source = `exports.handler = async ({ good }) => { if (good) return 1; console.log('begun'); ${body} }`;
    const host = fixture.host([fixture.function('Slow', { 'index.js': source }, { timeoutSeconds: 3 })], {
      clock,
      log,
    });
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

  it('times out a handler that blocks its thread', async () => {
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

  it('reports a handler that waits for something that never happens', async () => {
    const outcome = await outcomeOf('await new Promise(() => {})');
    expect(outcome).toMatchObject({
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited without providing a reason`,
    });
  });

  it('reports an uncaught exception, with its stack in the log', async () => {
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

  it('reports an unhandled rejection', async () => {
    const outcome = await outcomeOf(
      'Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000))',
    );
    expect(outcome).toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  it('lets an exception from an earlier invocation break the next one', async () => {
    const source = `exports.handler = async ({ leave }) => {
      if (leave) setTimeout(() => { throw new Error('late') }, 0);
      else await new Promise((resolve) => setTimeout(resolve, 1000));
    }`;
    const host = fixture.host([fixture.function('Late', { 'index.js': source })]);
    // The timer fires in the turn of the event loop before the response, or after the thaw. An earlier response
    // proves the latter.
    const first = await host.invoke('Late', '{"leave":true}');
    if (first.kind === 'success') {
      expect(await host.invoke('Late', '{}')).toMatchObject({ errorType: 'Runtime.ExitError' });
    } else {
      expect(first).toMatchObject({ errorType: 'Runtime.ExitError' });
    }
  });

  it('reports a handler that exceeds its memory', async () => {
    const outcome = await outcomeOf(
      'const all = []; for (;;) all.push(new Array(1e5).fill({}).map(() => ({})))',
    );
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited with error: signal: killed`,
    });
  });

  it.each<[string, string, string]>([
    ['SIGTERM to itself', 'process.kill(process.pid)', 'terminated'],
    ['SIGKILL to itself', "process.kill(process.pid, 'SIGKILL')", 'killed'],
    ['a signal to its group', "process.kill(0, 'SIGINT')", 'interrupt'],
    ['a signal to the group by its number', 'process.kill(-process.pid, 1)', 'hangup'],
    ['a signal to its parent', 'process.kill(process.ppid)', 'terminated'],
    ['the call below process.kill', 'process._kill(process.pid, 15)', 'terminated'],
    ['process.abort', 'process.abort()', 'aborted (core dumped)'],
    [
      'a signal from a thread of its own',
      `const { Worker } = require('node:worker_threads');
      new Worker('process.kill(process.pid)', { eval: true });
      await new Promise((resolve) => setTimeout(resolve, 60_000));`,
      'terminated',
    ],
    ['a buffer larger than its memory', 'Buffer.alloc(2 ** 31); await null;', 'killed'],
    ['an array larger than its memory', 'new Float64Array(2 ** 28); await null;', 'killed'],
    ['many buffers', 'const all = []; for (;;) all.push(Buffer.allocUnsafe(1e6).fill(1));', 'killed'],
    [
      'buffers that no constructor of its own makes',
      `const fs = require('node:fs/promises'); const all = [];
      for (;;) all.push(await fs.readFile(process.execPath));`,
      'killed',
    ],
  ])('ends because of %s', async (_, body, signal) => {
    const outcome = await outcomeOf(body);
    expect(outcome).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${outcome.requestId} Error: Runtime exited with error: signal: ${signal}`,
    });
  });

  it('ends together with its child processes', async () => {
    const source = `const { spawn } = require('node:child_process');
      exports.handler = async () => {
        const child = spawn('sleep', ['60']);
        console.log(child.pid);
        process.exit(1);
      };`;
    const log = new RememberingLog();
    const host = fixture.host([fixture.function('Starting', { 'index.js': source })], { log });
    await host.invoke('Starting', '{}');
    await host.close();
    // The system may take a moment to end a killed process. A zombie process has ended.
    const state = () => String(spawnSync('ps', ['-o', 'stat=', '-p', String(log.texts[0])]).stdout);
    while (!/^(Z.*\n)?$/.test(state())) await oneTurn();
  });

  const run = async (body: string) => {
    const source = `const { execSync, spawn } = require('node:child_process');
      exports.handler = async () => { ${body} }`;
    return fixture.host([fixture.function('Running', { 'index.js': source })]).invoke('Running', '{}');
  };

  it('survives garbage larger than its memory', async () => {
    const outcome = await run('for (let n = 0; n < 100; n++) Buffer.alloc(1e7, 1); return 1');
    expect(outcome).toMatchObject({ payload: '1' });
  });

  it('receives a signal that it handles', async () => {
    const outcome = await run(
      "return new Promise((resolve) => { process.on('SIGTERM', resolve); process.kill(process.pid); })",
    );
    expect(outcome).toMatchObject({ payload: '"SIGTERM"' });
  });

  it('finds no process of others', async () => {
    const outcome = await run('try { process.kill(2 ** 22 + 1) } catch (error) { return error.code }');
    expect(outcome).toMatchObject({ payload: '"ESRCH"' });
  });

  it('can end its child processes', async () => {
    const outcome = await run(`const child = spawn('sleep', ['60']);
      process.kill(child.pid);
      return new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));`);
    expect(outcome).toMatchObject({ payload: '"SIGTERM"' });
  });

  it('is not reached by its child’s signal to the group', async () => {
    const outcome = await run("try { execSync('kill 0') } catch (error) { return error.signal }");
    expect(outcome).toMatchObject({ payload: '"SIGTERM"' });
  });

  it('does not affect other environments', async () => {
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
