/**
 * The console's endpoint, `/@local/`, which only programs on this machine and the console's page may use.
 *
 * /@local/console            the page
 * /@local/events             events, as they happen: see event-streams.ts
 * /@local/state?find=TEXT    the app, its functions and its connections; repeatable id=ID includes a connection
 * /@local/connections/{id}   POST, DELETE
 * /@local/services…          the library's services, from an extension
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { percentDecoded } from '../percent-decoded';
import type { ConnectionActions } from './connection-actions';
import type { ConnectionList, Wanted } from './connection-list';
import { answerConsoleFile } from './console-files';
import type { EventStreams } from './event-streams';
import { answerJson } from './json-answer';

/** Answers requests below `/@local/`. Returns `undefined` and does nothing for other paths. */
export interface LocalHandler {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
}

export interface ConsoleState {
  connections: ConnectionList;
}

export interface ConsoleEndpointOptions {
  streams: EventStreams;
  /** The current state, with the connections that match a search. */
  state(wanted: Wanted): ConsoleState;
  actions: ConnectionActions;
  /** @default none */
  services?: LocalHandler | undefined;
  /** @default none */
  faults?: LocalHandler | undefined;
}

const CONNECTIONS = '/@local/connections/';
const MOST_FIND_CHARACTERS = 200;

export class ConsoleEndpoint implements LocalHandler {
  readonly #options: ConsoleEndpointOptions;

  constructor(options: ConsoleEndpointOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (!path.startsWith('/@local/')) return undefined;
    const { services, faults } = this.#options;
    return (
      faults?.handle(request, response) ??
      services?.handle(request, response) ??
      this.#answer(path, request, response)
    );
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { streams, state, actions } = this.#options;
    if (await answerConsoleFile(path, request, response)) return;
    const connectionId = path.startsWith(CONNECTIONS)
      ? percentDecoded(path.slice(CONNECTIONS.length))
      : undefined;
    if (connectionId !== undefined) return actions.handle(connectionId, request, response);
    const isRead = request.method === 'GET';
    if (isRead && path === '/@local/events') return streams.open(request, response);
    if (isRead && path === '/@local/state') {
      const [, query = ''] = (request.url ?? '').split(/\?(.*)/s);
      const asked = new URLSearchParams(query);
      const text = (asked.get('find') ?? '').slice(0, MOST_FIND_CHARACTERS);
      return answerJson(response, 200, state({ text, ids: new Set(asked.getAll('id')) }));
    }
    const error = `There is no ${request.method} ${path}. There are /@local/console, /@local/events, /@local/state, /@local/connections/{id} and /@local/faults.`;
    answerJson(response, 404, { error });
  }
}
