import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fixture, RememberingLog } from './function-fixture';

describe('An environment between two events', () => {
  const fixture = new Fixture();
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url !== '/never') response.end('fine');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => fixture.closeHosts());
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    fixture.remove();
  });

  /** Invokes a function once, and returns what its log reports as unfinished. */
  const leftoversOf = async (body: string) => {
    const log = new RememberingLog();
    const source = `const http = require('node:http');
      const agent = new http.Agent({ keepAlive: true });
      const get = (path) => new Promise((resolve, reject) => {
        http.get('${url}' + path, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
      });
      exports.handler = async () => { ${body} }`;
    const host = fixture.host([fixture.function('Leaving', { 'index.js': source })], { log });
    expect(await host.invoke('Leaving', '{}')).toMatchObject({ kind: 'success' });
    return log.ends[0]?.leftovers;
  };

  it('runs no remaining timer before the next event, and runs it then', async () => {
    const log = new RememberingLog();
    const host = fixture.host(
      [
        fixture.function('Leaving', {
          'index.js': `exports.handler = async ({ wait }) => {
            if (wait) await new Promise((resolve) => setTimeout(resolve, 5));
            else setTimeout(() => console.log('late'), 20);
          }`,
        }),
        fixture.function('Other', {
          'index.js': 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 50))',
        }),
      ],
      { log },
    );
    await host.invoke('Leaving', '{}');
    await host.invoke('Other', '{}');
    expect(log.texts).toEqual([]);
    const { requestId } = await host.invoke('Leaving', '{"wait":true}');
    expect(log.lines).toMatchObject([{ text: 'late', requestId }]);
  });

  it('writes every line of output to the log before the response', async () => {
    const log = new RememberingLog();
    const source = "exports.handler = async () => { for (let n = 0; n < 100; n++) console.log('line', n); }";
    await fixture.host([fixture.function('Chatty', { 'index.js': source })], { log }).invoke('Chatty', '{}');
    expect(log.texts).toEqual(Array.from({ length: 100 }, (_, n) => `line ${n}`));
  });

  it('reports an unfinished timer', async () => {
    expect(await leftoversOf('setTimeout(() => {}, 10_000)')).toEqual({ timer: 1 });
  });

  it('reports a request that was not awaited', async () => {
    expect(await leftoversOf("get('/never')")).toEqual({ request: 1 });
  });

  it('reports a fetch that was not awaited', async () => {
    expect(await leftoversOf(`fetch('${url}/never')`)).toEqual({ request: 1 });
  });

  it('reports nothing for awaited requests whose sockets are kept alive', async () => {
    const body = `await Promise.all([get('/'), get('/')]); await get('/');
      for (let n = 0; n < 3; n++) await (await fetch('${url}/')).text();`;
    expect(await leftoversOf(body)).toEqual({});
  });

  it('reports only the request if it has a timeout', async () => {
    const body = "get('/never'); setTimeout(() => {}, 10_000)";
    expect(await leftoversOf(body)).toEqual({ request: 1 });
  });

  it('reports a file operation that was not awaited', async () => {
    const body = "require('node:fs/promises').writeFile('/dev/null', 'x'.repeat(1e6))";
    expect(await leftoversOf(body)).toEqual({ 'file change': 1 });
  });

  it('reports a child process that is still running', async () => {
    expect(await leftoversOf("require('node:child_process').spawn('sleep', ['60'])")).toEqual({
      'child process': 1,
    });
  });

  it.each<[string, string]>([
    [
      'an answer whose connection closes behind it',
      "await new Promise((resolve) => http.get('HERE', { agent: false }, (response) => response.resume().on('end', resolve)))",
    ],
    [
      'an answer of which only the status was looked at',
      "await new Promise((resolve) => http.get('HERE', (response) => resolve(response.statusCode)))",
    ],
    ['an answer to fetch of which only the status was looked at', "await fetch('HERE')"],
    [
      'a request that was given up',
      "const request = http.get('HERE/never'); request.on('error', () => {}); request.destroy()",
    ],
    [
      'a fetch that was given up',
      `const giveUp = new AbortController();
      const pending = fetch('HERE/never', { signal: giveUp.signal }).catch(() => {});
      for (let n = 0; n < 10; n++) await get('/');
      giveUp.abort();
      await pending;`,
    ],
    [
      'a connection that is kept open',
      "await new Promise((resolve) => require('node:net').connect(new URL('HERE').port, '127.0.0.1', resolve))",
    ],
    ['a timer that lets the process end', 'setTimeout(() => {}, 10_000).unref()'],
    ['a look-up', "require('node:dns').lookup('localhost', () => {})"],
    ['a file that is read', "require('node:fs/promises').readFile(__filename)"],
    ['a module that is loaded', "import('node:zlib')"],
  ])('does not report %s', async (_, body) => {
    expect(await leftoversOf(body.replaceAll('HERE', url))).toEqual({});
  });

  it('reports unfinished work for the invocation that has started it, and for no later one', async () => {
    const log = new RememberingLog();
    const source = 'exports.handler = async ({ leave }) => { if (leave) setTimeout(() => {}, 60_000) }';
    const host = fixture.host([fixture.function('Once', { 'index.js': source })], { log });
    await host.invoke('Once', '{"leave":true}');
    await host.invoke('Once', '{}');
    expect(log.ends.map(({ leftovers }) => leftovers)).toEqual([{ timer: 1 }, {}]);
  });

  it('does not report what the module itself has started', async () => {
    const log = new RememberingLog();
    const source = 'setInterval(() => {}, 1000); exports.handler = async () => {}';
    await fixture
      .host([fixture.function('Ticking', { 'index.js': source })], { log })
      .invoke('Ticking', '{}');
    expect(log.ends[0]?.leftovers).toEqual({});
  });

  it('continues with the same kept-alive connection after the thaw', async () => {
    const source = `const http = require('node:http');
      const agent = new http.Agent({ keepAlive: true });
      exports.handler = () => new Promise((resolve, reject) => {
        const request = http.get('${url}/', { agent }, (response) => response.resume().on('end', () => resolve(request.reusedSocket)));
        request.on('error', reject);
      });`;
    const host = fixture.host([fixture.function('Keeping', { 'index.js': source })]);
    expect(await host.invoke('Keeping', '{}')).toMatchObject({ payload: 'false' });
    expect(await host.invoke('Keeping', '{}')).toMatchObject({ payload: 'true' });
  });
});
