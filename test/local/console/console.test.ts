/** Tests the console's endpoints on a runtime with an app that responds, fails and logs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from '../../../local/assembly/read-assembly';
import { Faults } from '../../../local/faults/faults';
import { silentFunctionLog } from '../../../local/lambda/function-log';
import { silentLog } from '../../../local/log';
import { type Runtime, startRuntime } from '../../../local/runtime';
import { chatTemplateWith, writeAssembly } from '../assembly/written-assembly';
import { Client } from '../gateway/client';

const HANDLER = `exports.handler = async ({ body }) => {
  console.log('heard', body);
  if (body === 'fail') throw new TypeError('as asked');
  return { statusCode: 200 };
};`;

interface Event {
  kind: string;
  n: number;
  [name: string]: unknown;
}

/** The parts of the state that the tests read by name. */
interface State {
  run: string;
  last: number;
  functions: { errors: number }[];
  deliveries: object[];
  connections: object;
}

describe('The console of a runtime', () => {
  let runtime: Runtime;
  let events: AsyncGenerator<Event, void, undefined>;
  let reading: AbortController;
  let clients: Client[];

  beforeAll(async () => {
    const assembly = writeAssembly({
      Main: chatTemplateWith({
        Function: { Environment: { Variables: { DATABASE: 'postgres://secret-in-the-environment' } } },
      }),
    });
    writeFileSync(join(assembly, 'asset.code', 'index.js'), HANDLER);
    runtime = await startRuntime({
      ...{ app: readAssembly(assembly), port: 0, log: silentLog, functionLog: silentFunctionLog },
      faults: new Faults(),
    });
  });
  afterAll(async () => {
    await runtime.close();
  });
  beforeEach(async () => {
    clients = [];
    reading = new AbortController();
    const { run, last } = await state();
    events = readEvents(`${run} ${last}`);
  });
  afterEach(async () => {
    reading.abort();
    for (const client of clients) client.ws.terminate();
    await Promise.all(clients.map(({ closed }) => closed));
  });

  async function ask(method: string, path: string, body?: string) {
    const url = `${runtime.url}/@local/${path}`;
    const response = await fetch(url, { method, ...(body !== undefined && { body }) });
    return { status: response.status, body: (await response.json()) as State };
  }

  async function state(find = '') {
    return (await ask('GET', `state?find=${encodeURIComponent(find)}`)).body;
  }

  async function* readEvents(lastEventId: string): AsyncGenerator<Event, void, undefined> {
    const { signal } = reading;
    const headers = { 'last-event-id': lastEventId };
    const response = await fetch(`${runtime.url}/@local/events`, { signal, headers });
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks.filter((one) => one.includes('event: batch'))) {
        yield* JSON.parse(block.split('data: ')[1] ?? '').events;
      }
    }
  }

  /** The next event of this kind. */
  async function next(kind: string): Promise<Event> {
    for (;;) {
      const { value } = await events.next();
      if (!value) throw new Error('The stream has ended.');
      if (value.kind === kind) return value;
    }
  }

  async function connect(headers: Record<string, string> = {}): Promise<Client> {
    const client = new Client(runtime.webSocketUrl('chat'), { headers });
    clients.push(client);
    await client.opened;
    return client;
  }

  it('serves its page with all its files, and nothing else from the folder', async () => {
    const url = `${runtime.url}/@local/console`;
    const page = await (await fetch(url)).text();
    const named = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(named).toContain('styles/base.css');
    for (const path of named) expect([path, (await fetch(new URL(path, url))).status]).toEqual([path, 200]);
    expect((await fetch(new URL('styles/layout.css', url))).status).toBe(404);
  });

  it('reports a connection, its message, the function and its close', async () => {
    const client = await connect();
    const { connection, from } = await next('opened');
    expect(from).toBe('127.0.0.1');
    client.send('Hello');
    expect(await next('message')).toMatchObject({ connection, route: '$default', bytes: 5, text: 'Hello' });
    expect(await next('start')).toMatchObject({ function: 'Function', subject: `$default ${connection}` });
    expect(await next('output')).toMatchObject({ text: 'heard Hello' });
    expect(await next('end')).toMatchObject({ function: 'Function', millis: expect.any(Number) });
    client.ws.close(4000, 'enough');
    expect(await next('closed')).toMatchObject({ connection, code: 4000, reason: 'enough' });
  });

  it('reports a function that fails, and the response to its client', async () => {
    const client = await connect();
    client.send('fail');
    expect(await next('end')).toMatchObject({ error: 'TypeError: as asked' });
    expect(await next('answer')).toMatchObject({ status: 502, route: '$default' });
    expect((await state()).functions).toMatchObject([{ errors: 1 }]);
  });

  it('reports refused handshakes, without their query', async () => {
    const client = new Client(`ws://localhost:${runtime.port}/none?token=abc`, {});
    await expect(client.opened).rejects.toThrow('403');
    expect(await next('refused')).toMatchObject({ path: '/none', status: 403 });
  });

  it('lists connections, the newest first, and searches them', async () => {
    await connect({ 'user-agent': 'first' });
    const { connection: first } = await next('opened');
    await connect({ 'user-agent': 'second' });
    const { connection: second } = await next('opened');
    const { connections } = await state();
    expect(connections).toMatchObject({
      total: 2,
      found: 2,
      shown: [
        { id: second, stage: 'chat', from: '127.0.0.1' },
        { id: first, userAgent: 'first' },
      ],
    });
    expect((await state('FIRST')).connections).toMatchObject({ total: 2, found: 1, shown: [{ id: first }] });
    const { body } = await ask('GET', `state?find=ada&id=${encodeURIComponent(String(second))}`);
    expect(body.connections).toMatchObject({ found: 1, shown: [{ id: second }] });
  });

  it('shows the app’s structure, without values of environment variables', async () => {
    const outline = await state();
    expect(outline).toMatchObject({
      apis: [
        {
          ...{ name: 'Main/Api', kind: 'WebSocket', stages: [{ name: 'chat' }] },
          routes: [{ key: '$default', runs: 'Function' }],
        },
      ],
      functions: [{ name: 'Function', runtime: 'nodejs22.x' }],
      hasServices: false,
    });
    expect(JSON.stringify(outline)).not.toContain('secret-in-the-environment');
  });

  it('sends a text to one connection, and closes it', async () => {
    const client = await connect();
    const id = String((await next('opened')).connection);
    const path = `connections/${encodeURIComponent(id)}`;
    expect(await ask('POST', path, 'Hi!')).toEqual({ status: 200, body: { outcome: 'sent' } });
    expect(await client.next()).toBe('Hi!');
    expect(await next('post')).toMatchObject({ connection: id, status: 200, text: 'Hi!', bytes: 3 });
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await client.closed).code).toBe(1000);
    expect(await ask('POST', path, 'Hi!')).toMatchObject({ status: 410, body: { outcome: 'gone' } });
    expect((await next('post')).method).toBe('DELETE');
    expect(await next('post')).toMatchObject({ status: 410 });
  });

  it('shows posts to several connections as one delivery', async () => {
    for (const user of ['first', 'second']) await connect({ 'user-agent': user });
    const ids = [(await next('opened')).connection, (await next('opened')).connection];
    for (const id of ids) await ask('POST', `connections/${encodeURIComponent(String(id))}`, 'To both');
    expect((await state()).deliveries).toMatchObject([{ stage: 'chat', text: 'To both', sent: 2, gone: 0 }]);
  });

  it('refuses a text that is too long, and other methods', async () => {
    expect((await ask('POST', 'connections/none', 'x'.repeat(200_000))).status).toBe(413);
    expect((await ask('PUT', 'connections/none', '')).status).toBe(405);
    expect((await ask('GET', 'nothing')).status).toBe(404);
    expect((await ask('POST', 'state')).status).toBe(404);
  });

  it('reports which faults strike', async () => {
    await ask('PUT', 'faults/function-throttled', '1');
    const client = await connect();
    client.send('Hello');
    expect(await next('fault')).toMatchObject({ name: 'function-throttled' });
    await ask('DELETE', 'faults');
  });

  it('counts events', async () => {
    const client = await connect();
    client.send('Hello');
    await next('end');
    const response = await fetch(`${runtime.url}/@local/events`, { signal: reading.signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/event: second\ndata: .*\n\n/.test(text)) break;
    }
    const { gauges } = JSON.parse(/event: second\ndata: (.*)\n/.exec(text)?.[1] ?? '');
    expect(gauges).toEqual({ connections: 1, running: 0, environments: 1 });
  });
});
