/** The errors of a service, stored for thirty days. The command `errors` shows them. */
import type { Backend } from '../backend';
import { LineLog } from '../channels/log/line-log';
import type { Value } from '../table/item';

/** No channel can have this name. */
const NAME = '~errors';
const RULE = { size: 10_000, seconds: 30 * 24 * 60 * 60 };

/** An error, with what the service recorded about it. */
export type NotedError = Record<string, Value>;

export class ErrorLog {
  readonly #lines: LineLog;

  constructor(backend: Pick<Backend, 'table' | 'clock' | 'token'>, service: string) {
    this.#lines = new LineLog(backend, { service, channel: NAME });
  }

  /** Two writes. */
  async record(error: NotedError): Promise<void> {
    // This channel has no members, so no function posts its lines.
    await this.#lines.append({ data: JSON.stringify(error) }, { rule: RULE, serverFunction: '' });
  }

  /** The last errors, newest first. */
  async newest(limit: number): Promise<NotedError[]> {
    const history = await this.#lines.history({ limit, reverse: true });
    return (history?.lines ?? []).map(({ data }) => data as NotedError);
  }
}
