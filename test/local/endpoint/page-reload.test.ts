import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Endpoint } from '../../../local/endpoint/endpoint';
import { PageReload } from '../../../local/endpoint/page-reload';
import { WebFiles } from '../../../local/endpoint/web-files';
import { silentLog } from '../../../local/log';

describe('PageReload', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'));
  const reload = new PageReload();
  let endpoint: Endpoint;
  const stops: AbortController[] = [];

  const serve = async (web: WebFiles) => {
    const served = new Endpoint({
      ...{ host: '127.0.0.1', port: 0, services: {}, web, log: silentLog },
      gateway: { handleUpgrade() {}, handleRequest: () => undefined },
    });
    await served.listen();
    return served;
  };
  const get = (path: string, { port } = endpoint) => fetch(`http://127.0.0.1:${port}${path}`);
  /** The versions that the stream sends, from the current one on. */
  const versions = async () => {
    const stop = new AbortController();
    stops.push(stop);
    const { body } = await fetch(`http://127.0.0.1:${endpoint.port}/@dev/changes`, { signal: stop.signal });
    if (!body) throw new Error('The stream has no body.');
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return async () => {
      for (;;) {
        const found = /data: (\S+)\n\n/.exec(text);
        if (found) {
          text = text.slice(found.index + found[0].length);
          return found[1];
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('The stream has ended.');
        text += value;
      }
    };
  };
  const versionOf = (page: string) =>
    /<script type="module" src="\/@dev\/reload\.mjs\?version=(.+?)"><\/script><\/head>/.exec(page)?.[1];

  beforeAll(async () => {
    writeFileSync(join(folder, 'index.html'), '<!doctype html><head><title>Grüße</title></head><p>Hello');
    writeFileSync(join(folder, 'style.css'), 'p { color: red }');
    endpoint = await serve(new WebFiles(folder, reload));
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop.abort();
  });
  afterAll(async () => {
    await endpoint.close();
    rmSync(folder, { recursive: true });
  });

  it('adds a script of the same origin to pages, without weakening their policy', async () => {
    const response = await get('/');
    const page = await response.text();
    expect(versionOf(page)).toBeDefined();
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(page));
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
    const script = await get('/@dev/reload.mjs?version=1');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await script.text()).toContain("new EventSource('/@dev/changes')");
  });

  it('does not change other files', async () => {
    expect(await (await get('/style.css')).text()).toBe('p { color: red }');
  });

  it('notifies open pages of a new version after their files have changed', async () => {
    const own = versionOf(await (await get('/')).text());
    const next = await versions();
    expect(await next()).toBe(own);
    reload.reload();
    const later = await next();
    expect(later).not.toBe(own);
    expect(versionOf(await (await get('/')).text())).toBe(later);
  });

  it('is disabled unless requested', async () => {
    const plain = await serve(new WebFiles(folder));
    expect(await (await get('/', plain)).text()).toBe(
      '<!doctype html><head><title>Grüße</title></head><p>Hello',
    );
    for (const path of ['/@dev/reload.mjs', '/@dev/changes']) {
      expect((await get(path, plain)).status).toBe(404);
    }
    await plain.close();
  });
});
