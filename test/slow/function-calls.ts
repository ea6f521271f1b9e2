/**
 * A proxy between the deployed functions and the emulator that records denied calls. ministack does not log the
 * output and errors of a WebSocket route's function, so a test could not see why a handshake failed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { MANAGE_CONNECTIONS } from './grants';

/** Longer than a function takes to start and to reach its last step. */
const PATIENCE_MILLISECONDS = 15_000;

export interface Denial {
  /** The ARN of the role's session, or of the user. */
  principal: string;
  /** As `grantsOf` names it. */
  grant: string;
}

export class FunctionCalls {
  readonly denials: Denial[] = [];
  readonly #port: number;
  readonly #server: Server;
  #denied: () => void = () => {};

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((call, answer) => this.#pass(call, answer));
  }

  static async before(port: number): Promise<FunctionCalls> {
    const calls = new FunctionCalls(port);
    calls.#server.listen(0, '127.0.0.1');
    await once(calls.#server, 'listening');
    return calls;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    return `http://127.0.0.1:${address.port}`;
  }

  forgetDenials(): void {
    this.denials.length = 0;
  }

  /**
   * Resolves when a call that `grant` allows was denied to the function. @throws Error if that does not happen in
   * time
   */
  async denial(grant: string, isMeant: (principal: string) => boolean): Promise<void> {
    let isLate = false;
    const impatience = setTimeout(() => {
      isLate = true;
      this.#denied();
    }, PATIENCE_MILLISECONDS);
    while (!this.denials.some((denial) => denial.grant === grant && isMeant(denial.principal))) {
      if (isLate) throw new Error(`Nobody was denied ${grant}. Denied were: ${JSON.stringify(this.denials)}`);
      await new Promise<void>((resolve) => {
        this.#denied = resolve;
      });
    }
    clearTimeout(impatience);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** With all headers as they were signed. Clients that treat this as a proxy send a whole URL. */
  #pass(call: IncomingMessage, answer: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = call;
    const path = url.replace(/^http:\/\/[^/]*/, '');
    const passed = request({ host: '127.0.0.1', port: this.#port, method, path, headers });
    passed.on('response', (response: IncomingMessage) => {
      buffer(response).then(
        (body) => {
          this.#note(method, body);
          const { 'transfer-encoding': _, connection: __, ...rest } = response.headers;
          answer.writeHead(response.statusCode ?? 502, { ...rest, 'content-length': body.length });
          answer.end(body);
        },
        () => answer.destroy(),
      );
    });
    passed.on('error', () => answer.destroy());
    call.pipe(passed);
  }

  #note(method: string, body: Buffer): void {
    const [, principal, action] =
      /User: (\S+) is not authorized to perform: (\S+)/.exec(body.toString('utf8')) ?? [];
    if (principal === undefined || action === undefined) return;
    // IAM distinguishes the management API's operations by the HTTP method.
    this.denials.push({ principal, grant: action === MANAGE_CONNECTIONS ? `${action} ${method}` : action });
    this.#denied();
  }
}
