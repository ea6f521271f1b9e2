import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';

jest.setTimeout(120_000);

/** Ports on each side of the runtime's port that the page also tries. */
const SCANNED = 40;

/**
 * The requests of a page to each port: reads and writes, with and without a preflight. Returns everything that it
 * could read.
 */
const ATTACK = `async ({ ports, hosts, tableName }) => {
  const target = (name) => ({ 'X-Amz-Target': 'DynamoDB_20120810.' + name, 'Content-Type': 'application/x-amz-json-1.0' });
  const item = JSON.stringify({ TableName: tableName, Item: { pk: { S: 'evil' }, sk: { S: 'evil' } } });
  const tries = [
    { headers: target('ListTables'), body: '{}' },
    { headers: target('Scan'), body: JSON.stringify({ TableName: tableName }) },
    { headers: target('PutItem'), body: item },
    { headers: { 'Content-Type': 'text/plain' }, body: item },
    { mode: 'no-cors', headers: target('PutItem'), body: item },
    { mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: item },
  ];
  const signature = 'X-Amz-Credential=local/20260101/us-east-1/dynamodb/aws4_request';
  const read = [];
  const attempt = async (url, options) => {
    try {
      const answer = await fetch(url, { method: 'POST', ...options });
      if (answer.ok) read.push(url + ' ' + (options.headers['X-Amz-Target'] ?? '') + ' ' + (await answer.text()));
    } catch {}
  };
  for (const port of ports) {
    await Promise.all(hosts.flatMap((host) => tries.map((one) => attempt('http://' + host + ':' + port + '/?' + signature, one))));
  }
  return read;
}`;

describe('a runtime', () => {
  let app: RunningApp;
  beforeAll(async () => {
    // Without IAM, only the guard keeps pages out.
    app = await startApp({ iam: false });
  });
  afterAll(async () => {
    await app.stop();
  });

  it('listens only on its TCP port', () => {
    const ports = listeningPorts(process.pid);
    expect(ports).toEqual([app.runtime.port]);
  });

  it('keeps the socket of its tables in a folder that only its user may enter', () => {
    const path = app.runtime.dynamodb.address;
    expect(statSync(path).isSocket()).toBe(true);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  describe('and a page', () => {
    let browser: Browser;
    let elsewhere: Server;
    beforeAll(async () => {
      browser = await chromium.launch({
        ...CHROMIUM,
        args: [...(CHROMIUM.args ?? []), '--host-resolver-rules=MAP evil.test 127.0.0.1'],
      });
      elsewhere = createServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<title>elsewhere</title>');
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    });
    afterAll(async () => {
      await browser.close();
      elsewhere.close();
      elsewhere.closeAllConnections();
    });

    const attack = async (page: Page, ports: number[], hosts: string[]): Promise<string[]> =>
      page.evaluate(`(${ATTACK})(${JSON.stringify({ ports, hosts, tableName: app.tableName })})`);

    it.each(['127.0.0.1', 'localhost', 'evil.test'])(
      'of another origin at %s gives it nothing of its tables, at no port, and takes nothing of it',
      async (host) => {
        const page = await browser.newPage();
        await page.goto(`http://${host}:${(elsewhere.address() as AddressInfo).port}/`);
        const { port } = app.runtime;
        const ports = Array.from({ length: 2 * SCANNED + 1 }, (_, index) => port - SCANNED + index);
        const read = await attack(page, ports, ['127.0.0.1', 'localhost']);
        expect(read).toEqual([]);
        expect(await app.rows('evil')).toEqual([]);
      },
    );

    it('whose host name is rebound to this machine gets no response, and neither do its requests', async () => {
      const page = await browser.newPage();
      const answer = await page.goto(`http://evil.test:${app.runtime.port}/`);
      expect(answer?.status()).toBe(403);
      expect(await attack(page, [app.runtime.port], ['evil.test'])).toEqual([]);
      expect(await app.rows('evil')).toEqual([]);
    });

    it('of its own gets responses to the same requests', async () => {
      const page = await browser.newPage();
      await page.goto(`${app.runtime.url}/nothing-here`);
      const { hostname } = new URL(app.runtime.url);
      const read = await attack(page, [app.runtime.port], [hostname]);
      expect(read).toEqual(expect.arrayContaining([expect.stringContaining(app.tableName)]));
      expect(await app.rows('evil')).toHaveLength(1);
    });
  });
});

/** Of the process and all of its children. */
function listeningPorts(pid: number): number[] {
  const inodes = new Set([pid, ...descendants(pid)].flatMap(socketInodes));
  const ports = ['tcp', 'tcp6'].flatMap((kind) => {
    const [, ...lines] = readFileSync(`/proc/net/${kind}`, 'utf8').trim().split('\n');
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTENING && inodes.has(String(inode)))
      .map(([, local = '']) => Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
  });
  return [...new Set(ports)];
}

const LISTENING = '0A';

function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.slice(1) ?? [];
    } catch {
      // The descriptor through which this folder is read.
      return [];
    }
  });
}
