/** A service that requires a JWT, deployed to another project's AWS emulator. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import { Issuer } from '../lib/identity/issuer';
import { assemblyDirectory, deployAssembly } from './deployment';
import { Ministack } from './ministack';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../..');

describe('the chat behind a JWT, deployed', () => {
  let ministack: Ministack;
  let keys: Server;
  let issuer: Issuer;
  let service: URL;

  beforeAll(async () => {
    // ministack's functions reach https on this machine without TLS.
    keys = createServer(({ url }, response) => {
      const isKeySet = url === '/.well-known/jwks.json';
      response.writeHead(isKeySet ? 200 : 404).end(isKeySet ? issuer.keySet() : '');
    });
    await once(keys.listen(0, 'localhost'), 'listening');
    issuer = new Issuer(`https://localhost:${(keys.address() as AddressInfo).port}`);
    ministack = await Ministack.start();
    const source = findApp('test/apps/chat-with-jwt', ROOT);
    if (source.kind !== 'command') throw new Error('cdk.json names no command');
    await synthesize({
      ...source.synthesis,
      outputDirectory: assemblyDirectory(ministack),
      // ministack answers no handshake with a subprotocol.
      environment: { ...process.env, CHAT_ISSUER: issuer.url, CHAT_TOKEN_FROM: 'query' },
    });
    const outputs = Object.entries((await deployAssembly(ministack)).ChatWithJwt ?? {});
    service = new URL(outputs.find(([name]) => name.startsWith('ChatUrl'))?.[1] ?? '');
  });
  afterAll(async () => {
    await ministack?.stop();
    keys?.closeAllConnections();
    keys?.close();
  });

  const connect = (query: string): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${ministack.port}${service.pathname}${query}`, {
      headers: { Host: service.host },
    });

  it('accepts clients with a valid token, and passes on what they send', async () => {
    const socket = connect(`?token=${issuer.token()}`);
    const line = Buffer.from('hello from Ada').toString('base64');
    const heard = new Promise<void>((resolve, reject) => {
      socket.on('message', (data) => String(data).includes(line) && resolve()).on('error', reject);
    });
    socket.on('open', () => socket.send(JSON.stringify({ Message: line, Author: 'Ada' })));
    await heard;
    socket.close();
    await once(socket, 'close');
  });

  it.each<[string, () => string]>([
    ['another audience', () => `?token=${issuer.token({ aud: 'shop' })}`],
    ['an expired token', () => `?token=${issuer.expiredToken()}`],
    ["another issuer's key", () => `?token=${new Issuer(issuer.url).token()}`],
    ['no token', () => ''],
  ])('refuses the handshake with %s', async (_, query) => {
    const socket = connect(query());
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(/Unexpected server response: 40[13]/);
  });
});
