/** The app's event source mappings: each runs its function with what is in its queue or stream. */
import type { EventSourceMapping, QueueMapping } from '../assembly/model';
import type { Clock } from '../clock';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import type { Queues } from '../sqs/queues';
import { QueuePoller } from './queue-poller';

export interface EventSourcesOptions {
  queues: Queues;
  region: string;
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
}

interface Poller {
  start(): void;
  stop(): void;
}

export class EventSources {
  readonly #options: EventSourcesOptions;
  readonly #pollers = new Map<string, Poller>();

  constructor(options: EventSourcesOptions) {
    this.#options = options;
  }

  /** Runs these. One that is as before goes on. */
  replace(mappings: EventSourceMapping[]): void {
    const wanted = new Map(mappings.map((mapping) => [JSON.stringify(mapping), mapping]));
    for (const [key, poller] of this.#pollers) {
      if (wanted.delete(key)) continue;
      poller.stop();
      this.#pollers.delete(key);
    }
    for (const [key, mapping] of wanted) {
      const poller = mapping.source === 'queue' ? this.#queuePoller(mapping) : undefined;
      if (!poller) continue;
      this.#pollers.set(key, poller);
      poller.start();
    }
  }

  stop(): void {
    for (const poller of this.#pollers.values()) poller.stop();
    this.#pollers.clear();
  }

  #queuePoller(mapping: QueueMapping): Poller | undefined {
    const { queues, region, invoker, clock, log } = this.#options;
    const queue = queues.byArn(mapping.sourceArn);
    return queue && new QueuePoller({ mapping, queue, region, invoker, clock, log });
  }
}
