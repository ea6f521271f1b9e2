/** The methods of the API by their names, and several of them in one request. */

import { inTurns } from '../../delivery/in-turns';
import type { Service } from '../../service';
import { isObject } from '../json-object';
import { errors } from '../realtime-errors';
import { type ApiAnswer, answerOf } from './answers';
import { ConnectionChanges } from './connection-changes';
import { type Fields, fieldsOf, flagIn, listIn, textIn } from './fields';
import { Overview } from './overview';
import { Publications } from './publications';

/** Runs for a backend's procedure call. Returns its result, which is what JSON takes. */
export type OnApiRpc = (method: string, params: unknown, service: Service) => Promise<unknown>;

const MOST_COMMANDS = 1_000;
const PARALLEL_COMMANDS = 25;

export class ApiMethods {
  readonly #service: Service;
  readonly #methods: ReadonlyMap<string, (fields: Fields) => Promise<object>>;

  constructor(service: Service, mostChannels: number, onRpc: OnApiRpc | undefined) {
    const publications = new Publications(service);
    const changes = new ConnectionChanges(service, mostChannels);
    const overview = new Overview(service);
    this.#service = service;
    this.#methods = new Map(
      Object.entries({
        publish: (fields) => publications.publish(fields),
        broadcast: (fields) => publications.broadcast(fields),
        history: (fields) => publications.history(fields),
        history_remove: () => publications.removeHistory(),
        subscribe: (fields) => changes.subscribe(fields),
        unsubscribe: (fields) => changes.unsubscribe(fields),
        disconnect: (fields) => changes.disconnect(fields),
        refresh: (fields) => changes.refresh(fields),
        presence: (fields) => overview.presence(fields),
        presence_stats: (fields) => overview.presenceStats(fields),
        channels: (fields) => overview.channels(fields),
        connections: (fields) => overview.connections(fields),
        info: () => overview.info(),
        rpc: (fields) => this.#rpc(fields, onRpc),
      } satisfies Record<string, (fields: Fields) => Promise<object>>),
    );
  }

  has(method: string): boolean {
    return this.#methods.has(method);
  }

  run(method: string, params: unknown): Promise<ApiAnswer> {
    return answerOf(method, async () => {
      const { backend, deadline } = this.#service;
      if (backend.clock.now() > deadline) throw errors.limitExceeded('the request takes too long');
      const run = this.#methods.get(method);
      if (!run) throw errors.methodNotFound();
      return run(fieldsOf(params));
    });
  }

  /** Commands in order, or several at the same time. One reply for each, in their order. */
  async batch(fields: Fields): Promise<object> {
    const answer = await answerOf('batch', async () => {
      const commands = listIn(fields, 'commands', MOST_COMMANDS);
      const atATime = flagIn(fields, 'parallel') ? PARALLEL_COMMANDS : 1;
      return { replies: await inTurns(commands, atATime, (command) => this.#reply(command)) };
    });
    return 'error' in answer ? answer : answer.result;
  }

  /** The result by the name of the method. */
  async #reply(command: unknown): Promise<object> {
    const named = isObject(command) ? Object.entries(command) : [];
    const [method = '', params] = named.find(([name]) => this.has(name)) ?? [];
    const answer = await this.run(method, params);
    return 'error' in answer ? answer : { [method]: answer.result };
  }

  async #rpc(fields: Fields, onRpc: OnApiRpc | undefined): Promise<object> {
    const method = textIn(fields, 'method');
    if (method === undefined) throw errors.badRequest('rpc needs a method');
    if (!onRpc) throw errors.methodNotFound();
    return { data: await onRpc(method, fields.params, this.#service) };
  }
}
