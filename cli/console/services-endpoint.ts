/**
 * The console's endpoint for the services of this library, `/@local/services`. The runtime itself does not know the
 * library.
 *
 * GET    /@local/services?find=TEXT                   services, channels, deliveries
 * GET    /@local/services/{service}                   who is connected, and the last errors that it recorded
 * POST   /@local/services/{service}                   the body goes to everyone
 * DELETE /@local/services/{service}/users/{user}      closes the user's connections
 * GET    /@local/services/{service}/channels/{name}   who is in it, and its last lines
 * POST   /@local/services/{service}/channels/{name}   the body goes to everyone in it
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { allOver } from '../../lib/delivery/all-over';
import { MAX_MESSAGE_BYTES } from '../../lib/delivery/delivery';
import { SharedConnectionError } from '../../lib/errors';
import type { Service } from '../../lib/service';
import type { LocalHandler } from '../../local/console/console-endpoint';
import { answerJson } from '../../local/console/json-answer';
import { readBody } from '../../local/gateway/request-body';
import { UserError } from '../../local/user-error';
import { complaint } from '../complaint';
import { NoServicesError, Place } from '../place';
import { publishText } from '../publish';
import { type ShownServices, shownChannel, shownService, shownServices } from './shown-services';

const PATH = '/@local/services';
/** How often the endpoint looks for new services. */
const REFRESH_MILLISECONDS = 10_000;

/** @param url the runtime's URL */
export function servicesEndpoint(url: () => string): LocalHandler {
  return new ServicesEndpoint(url);
}

class ServicesEndpoint implements LocalHandler {
  readonly #url: () => string;
  #place: Place | undefined;
  #foundAt = 0;

  constructor(url: () => string) {
    this.#url = url;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    if (path !== PATH && !path.startsWith(`${PATH}/`)) return undefined;
    return this.#answer(path.slice(PATH.length + 1), new URLSearchParams(query), request, response);
  }

  async #answer(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, MAX_MESSAGE_BYTES);
    if (body === undefined) return;
    try {
      if (body === 'tooLarge') return answerJson(response, 413, { error: TOO_LARGE });
      const parts = path === '' ? [] : path.split('/').map(decoded);
      const { method = '' } = request;
      const answer = await this.#act(method, parts, query, body.toString()).catch((error: unknown) => {
        if (error instanceof NoServicesError && method === 'GET' && path === '') return NO_SERVICES;
        throw error;
      });
      answerJson(response, answer === undefined ? 404 : 200, answer ?? { error: NO_SUCH_REQUEST });
    } catch (error) {
      const isOfUser = error instanceof UserError || error instanceof SharedConnectionError;
      answerJson(response, isOfUser ? 400 : 502, { error: isOfUser ? error.message : complaint(error) });
    }
  }

  /** `undefined` for an unknown request. */
  async #act(
    method: string,
    [name, kind, of, ...more]: string[],
    query: URLSearchParams,
    text: string,
  ): Promise<object | undefined> {
    if (more.length > 0) return undefined;
    const place = await this.#find();
    if (name === undefined) {
      return method === 'GET' ? shownServices(place, query.get('find') ?? '') : undefined;
    }
    const [service] = place.services(name);
    if (!service) return undefined;
    if (kind === undefined && method === 'GET') return shownService(service);
    if (kind === undefined && method === 'POST') return { report: await service.deliver(text) };
    if (of === undefined) return undefined;
    if (kind === 'users' && method === 'DELETE') return { closed: await disconnect(service, of) };
    if (kind !== 'channels') return undefined;
    if (method === 'GET') return shownChannel(service, of);
    return method === 'POST' ? publishText(service, of, text) : undefined;
  }

  /** Looks for new services from time to time. */
  async #find(): Promise<Place> {
    const now = Date.now();
    if (!this.#place) {
      this.#place = await Place.find({ url: this.#url() });
    } else if (now - this.#foundAt > REFRESH_MILLISECONDS) {
      await this.#place.refresh();
    } else {
      return this.#place;
    }
    this.#foundAt = now;
    return this.#place;
  }
}

const NO_SERVICES: ShownServices = { services: [], deliveries: [], users: {} };
const TOO_LARGE = `A message has at most ${MAX_MESSAGE_BYTES} bytes. Send a shorter one.`;
const NO_SUCH_REQUEST = `Unknown request. The supported requests are GET ${PATH}, GET and POST ${PATH}/{service}, DELETE ${PATH}/{service}/users/{user}, and GET and POST ${PATH}/{service}/channels/{name}.`;

/** @throws {UserError} */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError(`${JSON.stringify(text)} is not a part of a path: % is followed by two hex digits.`);
  }
}

/** Closes all connections of the user. Returns their number. */
async function disconnect(service: Service, user: string): Promise<number> {
  const closing: Promise<unknown>[] = [];
  for await (const member of service.members()) {
    if (member.user === user) closing.push(service.backend.connections.delete(member));
  }
  await allOver(closing);
  return closing.length;
}
