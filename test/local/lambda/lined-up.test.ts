import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Faults } from '../../../local/faults/faults';
import { EventLine } from '../../../local/lambda/environments/event-line';
import type { HostLimits } from '../../../local/lambda/host-limits';
import { Fixture, RememberingLog } from './function-fixture';

const ONE = { environmentsPerFunction: 1 };

/** Runs until the file `go` exists, then does what the event asks. */
const SOURCE = `
const { existsSync, writeFileSync } = require('node:fs');
const { setTimeout } = require('node:timers/promises');
exports.handler = async ({ waitFor, says, writes, does }) => {
  if (writes) writeFileSync(writes, '');
  while (waitFor && !existsSync(waitFor)) await setTimeout(1);
  if (does === 'crash') process.exit(3);
  if (does === 'hang') await setTimeout(60_000);
  return says;
};`;

describe('An invocation that is lined up behind a busy environment', () => {
  const fixture = new Fixture();
  afterEach(() => fixture.closeHosts());
  afterAll(() => fixture.remove());

  let count = 0;
  /** A host whose only function is busy with an invocation until the file `go` exists. */
  async function busy(first: object = {}, limits: Partial<HostLimits> = ONE, more: object = {}) {
    count += 1;
    const name = `Busy${count}`;
    const log = new RememberingLog();
    const lambdaFunction = fixture.function(name, { 'index.js': SOURCE }, { timeoutSeconds: 60, ...more });
    const file = (of: string) => join(lambdaFunction.codeDirectory, of);
    const host = fixture.host([lambdaFunction], { limits, log });
    const invoke = (event: object) => host.invoke(name, JSON.stringify(event));
    await invoke({});
    const current = invoke({ waitFor: file('go'), writes: file('begun'), says: 'first', ...first });
    await until(() => existsSync(file('begun')));
    return {
      host,
      name,
      log,
      file,
      invoke,
      current,
      lambdaFunction,
      go: () => writeFileSync(file('go'), ''),
    };
  }

  it('begins while the thread of the host is blocked', async () => {
    const { invoke, current, file, go } = await busy();
    const next = invoke({ writes: file('next'), says: 'second' });
    go();
    blockUntil(() => existsSync(file('next')));
    expect((await current).payload).toBe('"first"');
    expect((await next).payload).toBe('"second"');
  });

  it('is logged as started after the current one and before later ones', async () => {
    const { invoke, current, go, log } = await busy();
    const others = ['second', 'third', 'fourth'].map((says) => invoke({ says }));
    go();
    const outcomes = await Promise.all([current, ...others]);
    expect(log.starts.slice(1).map(({ requestId }) => requestId)).toEqual(
      outcomes.map(({ requestId }) => requestId),
    );
    expect(log.ends.slice(1).map(({ requestId }) => requestId)).toEqual(
      outcomes.map(({ requestId }) => requestId),
    );
  });

  it('runs in another environment if that is free first', async () => {
    const { invoke, current, go, host } = await busy({}, { startMillis: 0 });
    expect((await invoke({ says: 'second' })).payload).toBe('"second"');
    expect(host.environmentCount).toBe(2);
    go();
    expect((await current).payload).toBe('"first"');
  });

  it('is not run again by the environment from which it was withdrawn', async () => {
    const { invoke, current, go, file, log } = await busy({}, { startMillis: 0 });
    await invoke({ writes: file('once'), says: 'second' });
    go();
    await current;
    expect((await invoke({ says: 'third' })).payload).toBe('"third"');
    expect(log.ends).toHaveLength(4);
  });

  it('runs in a new environment if the current one crashes', async () => {
    const { invoke, current, go } = await busy({ does: 'crash' });
    const next = invoke({ says: 'second' });
    go();
    expect(await current).toMatchObject({ kind: 'failure', errorType: 'Runtime.ExitError' });
    expect(await next).toMatchObject({ kind: 'success', payload: '"second"' });
  });

  it('runs in a new environment if the current one times out', async () => {
    const { invoke, current, go } = await busy({ does: 'hang' }, ONE, { timeoutSeconds: 1 });
    const next = invoke({ says: 'second' });
    go();
    expect(await current).toMatchObject({ kind: 'failure', errorType: 'Sandbox.Timedout' });
    expect(await next).toMatchObject({ kind: 'success', payload: '"second"' });
  });

  it('fails if the environment ends after it has begun', async () => {
    const { invoke, current, go, file } = await busy();
    const next = invoke({ writes: file('next'), does: 'crash' });
    go();
    blockUntil(() => existsSync(file('next')));
    expect(await current).toMatchObject({ kind: 'success' });
    expect(await next).toMatchObject({ kind: 'failure', errorType: 'Runtime.ExitError' });
  });

  it('runs the new code if the code is replaced before it begins', async () => {
    const { host, name, invoke, current, go, lambdaFunction } = await busy();
    const next = invoke({ says: 'old' });
    fixture.write(`${name}/index.js`, 'exports.handler = async () => "new"');
    host.replace([lambdaFunction]);
    go();
    expect((await current).payload).toBe('"first"');
    expect((await next).payload).toBe('"new"');
  });

  it('fails like all waiting invocations if its function is removed', async () => {
    const { host, invoke, current, go } = await busy();
    const waiting = [invoke({ says: 'second' }), invoke({ says: 'third' })];
    host.replace([]);
    for (const outcome of await Promise.all(waiting))
      expect(outcome).toMatchObject({ errorType: 'ResourceNotFoundException' });
    go();
    expect((await current).payload).toBe('"first"');
  });

  it('does not crash with the environment of an invocation that a fault strikes', async () => {
    const faults = new Faults({ 'function-crash': 0 });
    const one = fixture.function('Struck', { 'index.js': SOURCE });
    const file = (of: string) => join(one.codeDirectory, of);
    const host = fixture.host([one], { limits: ONE, faults });
    const invoke = (event: object) => host.invoke('Struck', JSON.stringify(event));
    await invoke({});
    faults.switchOn('function-crash', 1);
    const current = invoke({ waitFor: file('go'), writes: file('begun') });
    faults.switchOff('function-crash');
    const next = invoke({ says: 'second' });
    writeFileSync(file('go'), '');
    expect(await current).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await next).toMatchObject({ kind: 'success', payload: '"second"' });
  });

  it('is not lined up while fault injection may affect it', async () => {
    const faults = new Faults({ 'function-crash': 0 });
    const one = fixture.function('Faulty', { 'index.js': SOURCE });
    const file = (of: string) => join(one.codeDirectory, of);
    const host = fixture.host([one], { limits: ONE, faults });
    const invoke = (event: object) => host.invoke('Faulty', JSON.stringify(event));
    const current = invoke({ waitFor: file('go'), writes: file('begun') });
    await until(() => existsSync(file('begun')));
    faults.switchOn('function-crash', 1);
    const next = invoke({ writes: file('next') });
    writeFileSync(file('go'), '');
    await current;
    expect(await next).toMatchObject({ kind: 'failure', errorType: 'Runtime.ExitError' });
  });
});

describe('EventLine', () => {
  const event = { requestId: '1', payload: '{}', timeoutMillis: 1_000, endpoints: undefined };
  const worker = { postMessage: () => undefined };
  const sent = () => {
    const line = new EventLine();
    line.send(worker, event);
    return line;
  };

  it('takes an event back once and for all', () => {
    const line = sent();
    expect([line.takeBack(), line.takeBack(), line.hasBegun]).toEqual([true, true, false]);
  });

  it('takes back no event that the thread has begun', () => {
    const line = sent();
    new Int32Array(line.memory)[2] = 0;
    expect([line.hasBegun, line.takeBack(), line.hasBegun]).toEqual([true, false, true]);
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

/** Blocks this thread, so that it cannot send anything to another one. */
function blockUntil(isTrue: () => boolean): void {
  const end = Date.now() + 20_000;
  while (!isTrue() && Date.now() < end);
  expect(isTrue()).toBe(true);
}
