/** The app's event source mappings: each runs its function with the records of a queue or stream. */
import type {
  DynamoTable,
  EventSourceMapping,
  LambdaFunction,
  QueueMapping,
  StreamMapping,
} from '../assembly/model';
import type { Clock } from '../clock';
import type { ItemChange } from '../dynamodb/change';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import type { Destinations } from '../messaging/destinations';
import type { Queues } from '../sqs/queues';
import { QueuePoller } from './queue-poller';
import { StreamPoller } from './stream-poller';

export interface EventSourcesOptions {
  queues: Queues;
  region: string;
  invoker: FunctionInvoker;
  /** Receive records that fail permanently. */
  destinations: Destinations;
  clock: Clock;
  log: Log;
  /** The changes that a table's stream still contains. @default none */
  recordedChanges?: ((tableName: string) => ItemChange[]) | undefined;
}

/** What mappings need from the app besides their own settings. */
export interface MappedApp {
  eventSources: EventSourceMapping[];
  tables: DynamoTable[];
  functions: LambdaFunction[];
}

type Poller = QueuePoller | StreamPoller;

export class EventSources {
  readonly #options: EventSourcesOptions;
  readonly #pollers = new Map<string, Poller>();

  constructor(options: EventSourcesOptions) {
    this.#options = options;
  }

  /** Replaces the mappings. Unchanged ones continue. */
  replace(app: MappedApp): void {
    const wanted = new Map(app.eventSources.map((mapping) => [JSON.stringify(mapping), mapping]));
    const existing = new Set<string>();
    for (const [key, poller] of this.#pollers) {
      if (poller instanceof StreamPoller) existing.add(poller.identity);
      if (wanted.delete(key)) continue;
      if (poller instanceof StreamPoller) poller.retire();
      else poller.stop();
      this.#pollers.delete(key);
    }
    for (const [key, mapping] of wanted) {
      const poller =
        mapping.source === 'queue' ? this.#queuePoller(mapping) : this.#streamPoller(mapping, app);
      if (!poller) continue;
      this.#pollers.set(key, poller);
      poller.start();
      if (poller instanceof StreamPoller && !existing.has(poller.identity)) this.#catchUp(poller);
    }
  }

  /** Delivers earlier changes to a new mapping whose starting position is TRIM_HORIZON. */
  #catchUp(poller: StreamPoller): void {
    if (poller.startingPosition !== 'TRIM_HORIZON') return;
    for (const change of this.#options.recordedChanges?.(poller.tableName) ?? []) poller.take(change);
  }

  /** Called when an item of a table has changed. */
  changed(change: ItemChange): void {
    for (const poller of this.#pollers.values()) {
      if (poller instanceof StreamPoller && poller.tableName === change.tableName) poller.take(change);
    }
  }

  stop(): void {
    for (const poller of this.#pollers.values()) poller.stop();
    this.#pollers.clear();
  }

  #queuePoller(mapping: QueueMapping): QueuePoller | undefined {
    const { queues, ...options } = this.#options;
    const queue = queues.byArn(mapping.sourceArn);
    return queue && new QueuePoller({ mapping, queue, ...options });
  }

  #streamPoller(mapping: StreamMapping, { tables, functions }: MappedApp): StreamPoller | undefined {
    const table = tables.find(({ tableName }) => tableName === mapping.tableName);
    const lambdaFunction = functions.find(({ functionName }) => functionName === mapping.functionName);
    if (!table?.streamViewType || !lambdaFunction) return undefined;
    const { streamViewType: viewType } = table;
    const { functionArn } = lambdaFunction;
    return new StreamPoller({ mapping, viewType, functionArn, ...this.#options });
  }
}
