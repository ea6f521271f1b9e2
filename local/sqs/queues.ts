/** The app's queues: found by name, ARN or URL. */
import type { Queue as QueueSettings } from '../assembly/model';
import type { Clock } from '../clock';
import { Queue } from './queue';

/**
 * `https://sqs.us-east-1.amazonaws.com/123456789012/name` and older forms. Only the path of a URL identifies the
 * queue.
 */
const QUEUE_PATH = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([\w-]{1,80}(?:\.fifo)?)\/?$/;

export interface QueuesOptions {
  queues: QueueSettings[];
  accountId: string;
  clock: Clock;
}

export class Queues {
  readonly #options: QueuesOptions;
  readonly #byArn = new Map<string, Queue>();
  readonly #memory = { bytes: 0 };
  readonly startedAt: number;

  constructor(options: QueuesOptions) {
    this.#options = options;
    this.startedAt = options.clock.now();
    this.replace(options.queues);
  }

  /** Existing queues keep their messages. */
  replace(queues: QueueSettings[]): void {
    const arns = new Set(queues.map(({ queueArn }) => queueArn));
    for (const [arn, queue] of this.#byArn) {
      if (arns.has(arn)) continue;
      this.#byArn.delete(arn);
      queue.close();
    }
    for (const settings of queues) {
      const known = this.#byArn.get(settings.queueArn);
      if (known) known.replace(settings);
      else this.#byArn.set(settings.queueArn, this.#create(settings));
    }
  }

  all(): Queue[] {
    return [...this.#byArn.values()];
  }

  byArn(arn: string): Queue | undefined {
    return this.#byArn.get(arn);
  }

  byName(name: string, accountId = this.#options.accountId): Queue | undefined {
    if (accountId !== this.#options.accountId) return undefined;
    return this.all().find(({ settings }) => settings.queueName === name);
  }

  /** Also accepts only the path of a URL, which old programs send. */
  byUrl(url: string): Queue | undefined {
    const [, accountId, name = ''] = QUEUE_PATH.exec(url) ?? [];
    return this.byName(name, accountId ?? '');
  }

  close(): void {
    for (const queue of this.#byArn.values()) queue.close();
  }

  #create(settings: QueueSettings): Queue {
    return new Queue(settings, {
      ...{ clock: this.#options.clock, memory: this.#memory },
      find: (arn) => this.byArn(arn),
    });
  }
}
