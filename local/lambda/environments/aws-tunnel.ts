/**
 * Redirects connections of processes to AWS's hosts to the local endpoint: a proxy for HTTPS that ends TLS itself,
 * with certificates of an authority that only these processes are told to trust.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, pipeline } from 'node:stream';
import { createSecureContext, rootCertificates, type SecureContext, TLSSocket } from 'node:tls';
import { isAwsHost } from '../../aws-domains';
import { CertificateAuthority } from './certificates';
import type { Endpoint } from './environment';
import { isOwnUser } from './loopback-peer';

export interface AwsTunnelOptions {
  endpoint(): Endpoint;
  /** Other hosts that the endpoint serves, such as custom domains. */
  isServed(host: string): boolean;
  now(): number;
}

const HOST = '127.0.0.1';
const MAX_PORT = 65_535;
const MAX_CONNECTIONS = 1_000;
/** Hosts whose certificates are kept. */
const MAX_CERTIFICATES = 1_000;
/** A host name or an address, and a port. */
const TARGET = /^([\w.-]{1,253}|\[[\da-f:.]+\]):(\d{1,5})$/i;

export class AwsTunnel {
  readonly #options: AwsTunnelOptions;
  readonly #contexts = new Map<string, SecureContext>();
  readonly #sockets = new Set<Duplex>();
  #authority: CertificateAuthority | undefined;
  #opened: Promise<Record<string, string>> | undefined;
  #server: Server | undefined;
  #folder: string | undefined;

  constructor(options: AwsTunnelOptions) {
    this.#options = options;
  }

  /**
   * The environment variables with which HTTP clients use the tunnel. It opens with the first call. The file of
   * certificates has the public authorities, too, because it replaces the ones that a client would trust.
   */
  variables(): Promise<Record<string, string>> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  close(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #open(): Promise<Record<string, string>> {
    this.#authority = new CertificateAuthority('shared-connection local', this.#options.now());
    this.#folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const file = join(this.#folder, 'trusted.pem');
    writeFileSync(file, [this.#authority.certificate, ...rootCertificates].join('\n'));
    const server = createServer((_, response) => response.writeHead(405).end());
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connect', ({ url = '' }, socket, head) => void this.#serve(url, socket as Socket, head));
    server.unref();
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, resolve);
    });
    const proxy = `http://${HOST}:${(server.address() as AddressInfo).port}`;
    return { HTTPS_PROXY: proxy, https_proxy: proxy, SSL_CERT_FILE: file, AWS_CA_BUNDLE: file };
  }

  async #serve(url: string, socket: Socket, head: Buffer): Promise<void> {
    this.#keep(socket);
    const [, name = '', digits] = TARGET.exec(url) ?? [];
    const port = Number(digits);
    const isTarget = name !== '' && port <= MAX_PORT;
    if (!isTarget || !(await isOwnUser(socket))) {
      socket.end(`HTTP/1.1 ${isTarget ? '403 Forbidden' : '400 Bad Request'}\r\n\r\n`);
      return;
    }
    const host = name.replace(/^\[|\]$/g, '').toLowerCase();
    const isLocal = isAwsHost(host) || this.#options.isServed(host);
    const target = isLocal ? this.#options.endpoint() : { host, port };
    const upstream = connect(target);
    this.#keep(upstream);
    const refuse = () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    upstream.once('error', refuse);
    upstream.once('connect', () => {
      upstream.off('error', refuse);
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) socket.unshift(head);
      const client = isLocal ? this.#withoutTls(socket, host) : socket;
      pipeline(client, upstream, client, () => undefined);
    });
  }

  #withoutTls(socket: Socket, host: string): TLSSocket {
    const secureContext = this.#contextOf(host);
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    this.#keep(secure);
    return secure;
  }

  #contextOf(host: string): SecureContext {
    const known = this.#contexts.get(host);
    if (known !== undefined) return known;
    if (this.#contexts.size >= MAX_CERTIFICATES) this.#contexts.clear();
    const context = createSecureContext(this.#authority?.forHost(host));
    this.#contexts.set(host, context);
    return context;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
  }
}
