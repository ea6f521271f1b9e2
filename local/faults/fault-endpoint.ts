/** The endpoint `/@local/faults`: lists the active faults, and turns faults on and off while the runtime runs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../gateway/request-body';
import { UserError } from '../user-error';
import { FAULT_VALUES, isFaultName, KNOWN, readFault } from './fault-settings';
import type { Faults } from './faults';

const PATH = '/@local/faults';
const MAX_VALUE_BYTES = 100;

export class FaultEndpoint {
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Returns `undefined` and does nothing for other paths. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | undefined {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path !== PATH && !path.startsWith(`${PATH}/`)) return undefined;
    return this.#answer(path.slice(PATH.length + 1), request, response);
  }

  async #answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_VALUE_BYTES);
    if (body === undefined) return;
    const { method } = request;
    try {
      if (method === 'PUT') this.#switchOn(name, body === 'tooLarge' ? 'too long' : body.toString().trim());
      else if (method === 'DELETE') this.#switchOff(name);
      else if (method !== 'GET') throw new UserError(`${method} is not one of GET, PUT and DELETE`);
      answer(response, 200, { seed: this.#faults.seed, faults: this.#faults.list(), known: FAULT_VALUES });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      answer(response, 400, { error: `${error.message}. ${KNOWN}` });
    }
  }

  #switchOn(name: string, text: string): void {
    const { name: known, value } = readFault(name, text);
    this.#faults.switchOn(known, value);
  }

  #switchOff(name: string): void {
    if (name === '') for (const { name: active } of this.#faults.list()) this.#faults.switchOff(active);
    else if (isFaultName(name)) this.#faults.switchOff(name);
    else throw new UserError('there is no such fault');
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
  response.end(`${JSON.stringify(value, null, 2)}\n`);
}
