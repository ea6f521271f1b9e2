/** The app's topics: published messages go to their subscribers, or to a subscription's dead-letter queue. */
import { randomUUID } from 'node:crypto';
import type { Subscription, Topic as TopicSettings } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import { type Delivery, type Destinations, deliverOrBury } from '../messaging/destinations';
import { contentDigest, Deduplication } from '../sqs/deduplication';
import { type Filter, filterOf } from './filter-policy';
import { functionEvent, type Notification, queueBody } from './notification';
import { checkMessage, type PublishedMessage, textFor } from './published-message';

export interface TopicsOptions {
  topics: TopicSettings[];
  region: string;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

export interface Publication {
  messageId: string;
  sequenceNumber?: string;
}

/** Increasing numbers with twenty digits, for FIFO topics. */
const FIRST_SEQUENCE = 10_000_000_000_000_000_000n;
const SEQUENCE_STEP = 1000n;

interface Topic {
  settings: TopicSettings;
  filters: Map<Subscription, Filter>;
  published: Deduplication<Publication>;
  lastSequence: bigint;
}

export class Topics {
  readonly #options: TopicsOptions;
  #byArn = new Map<string, Topic>();

  constructor(options: TopicsOptions) {
    this.#options = options;
    this.replace(options.topics);
  }

  replace(topics: TopicSettings[]): void {
    const before = this.#byArn;
    this.#byArn = new Map(
      topics.map((settings) => {
        const { published = new Deduplication<Publication>(() => this.#options.clock.now()), lastSequence } =
          before.get(settings.topicArn) ?? {};
        const filters = new Map(settings.subscriptions.map((one) => [one, filterOf(one)]));
        return [
          settings.topicArn,
          { settings, filters, published, lastSequence: lastSequence ?? FIRST_SEQUENCE },
        ];
      }),
    );
  }

  all(): TopicSettings[] {
    return [...this.#byArn.values()].map(({ settings }) => settings);
  }

  find(topicArn: string): TopicSettings | undefined {
    return this.#byArn.get(topicArn)?.settings;
  }

  /**
   * Returns `undefined` if there is no such topic.
   * @throws {SnsError} if SNS would refuse the message
   */
  publish(topicArn: string, published: PublishedMessage): Publication | undefined {
    const topic = this.#byArn.get(topicArn);
    if (!topic) return undefined;
    checkMessage(published, topic.settings);
    if (!topic.settings.isFifo) return this.#send(topic, published);
    const deduplicationId = published.deduplicationId ?? contentDigest(published.message);
    const earlier = topic.published.find(deduplicationId);
    if (earlier) return earlier;
    const publication = this.#send(topic, { ...published, deduplicationId });
    topic.published.remember(deduplicationId, publication);
    return publication;
  }

  #send(topic: Topic, published: PublishedMessage): Publication {
    const { clock, region } = this.#options;
    const { topicArn, isFifo, subscriptions } = topic.settings;
    const messageId = randomUUID();
    if (isFifo) topic.lastSequence += SEQUENCE_STEP;
    const sequence = isFifo ? { sequenceNumber: String(topic.lastSequence) } : {};
    const notification = { published, messageId, topicArn, region, publishedAt: clock.now(), ...sequence };
    for (const subscription of subscriptions) {
      const text = textFor(subscription.protocol, published);
      if (topic.filters.get(subscription)?.(text, published.attributes)) {
        this.#notify(subscription, notification);
      }
    }
    return { messageId, ...sequence };
  }

  #notify(subscription: Subscription, notification: Notification): void {
    const { destinations, log } = this.#options;
    const { endpoint, path, deadLetterArn } = subscription;
    const delivery = deliveryTo(subscription, notification);
    const failed = deliverOrBury(
      destinations,
      endpoint,
      () => delivery,
      deadLetterArn,
      () => delivery,
    );
    if (failed) log.warn(`${path}: lost a message of the topic: ${failed.message}`);
  }
}

function deliveryTo(subscription: Subscription, notification: Notification): Delivery {
  const { published } = notification;
  if (subscription.protocol === 'lambda') return { body: functionEvent(notification, subscription) };
  const isFifoQueue = subscription.endpoint.endsWith('.fifo');
  return {
    ...(subscription.isRaw
      ? { body: textFor('sqs', published), attributes: published.attributes }
      : { body: queueBody(notification, subscription) }),
    ...(published.groupId === undefined ? {} : { groupId: published.groupId }),
    ...(published.deduplicationId === undefined || !isFifoQueue
      ? {}
      : { deduplicationId: published.deduplicationId }),
  };
}
