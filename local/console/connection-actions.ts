/** `/@local/connections/{id}`: POST sends a text frame to a connection, DELETE closes it. Neither needs a signature. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DELETED } from '../gateway/close-codes';
import type { Connection } from '../gateway/connection';
import type { GatewayObserver } from '../gateway/observer';
import { AWS_SIZE_LIMITS } from '../gateway/quotas';
import { readBody } from '../gateway/request-body';
import { answerJson } from './json-answer';

export interface ConnectionActionsOptions {
  find(connectionId: string): Connection | undefined;
  /** Gets these calls like those to @connections. */
  observer: GatewayObserver;
}

export class ConnectionActions {
  readonly #options: ConnectionActionsOptions;

  constructor(options: ConnectionActionsOptions) {
    this.#options = options;
  }

  async handle(connectionId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    const body = await readBody(request, AWS_SIZE_LIMITS.messageBytes);
    if (body === undefined) return;
    if (method !== 'POST' && method !== 'DELETE') {
      answerJson(response, 405, { error: `${method} is not one of POST (send a text) and DELETE (close).` });
      return;
    }
    if (body === 'tooLarge') {
      const most = AWS_SIZE_LIMITS.messageBytes;
      answerJson(response, 413, { error: `A message has at most ${most} bytes. Send a shorter one.` });
      return;
    }
    const connection = this.#options.find(connectionId);
    const outcome = connection === undefined ? 'gone' : act(connection, method, body);
    const status = STATUSES[outcome];
    this.#options.observer.called({
      ...{ method, connectionId, stageName: connection?.stage.stageName ?? '', status },
      ...(method === 'POST' && { body }),
    });
    answerJson(response, status, status === 200 ? { outcome } : { outcome, error: ERRORS[outcome] });
  }
}

function act(connection: Connection, method: string, body: Buffer) {
  if (method === 'POST') return connection.send(body);
  connection.close(DELETED);
  return 'closed';
}

const STATUSES = { sent: 200, closed: 200, gone: 410, full: 429 };
const ERRORS: Record<string, string> = {
  gone: 'The connection is not open any more.',
  full: 'The client does not read: too much waits for it already.',
};
