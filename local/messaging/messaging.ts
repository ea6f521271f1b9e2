/** The messaging of an app: its queues, topics, event buses, schedules, and the mappings that run functions. */
import type { App } from '../assembly/model';
import type { Clock } from '../clock';
import type { ItemChange } from '../dynamodb/change';
import type { RequestHandler } from '../endpoint/request-router';
import { EventSources } from '../event-sources/event-sources';
import { EventBuses } from '../eventbridge/event-buses';
import { EventsService } from '../eventbridge/events-service';
import { Schedules } from '../eventbridge/schedules';
import type { FunctionInvoker } from '../lambda/invocation';
import type { Log } from '../log';
import { SnsService } from '../sns/sns-service';
import { Topics } from '../sns/topics';
import { Queues } from '../sqs/queues';
import { SqsService } from '../sqs/sqs-service';
import { AppDestinations, type Delivery, type Destinations } from './destinations';

type MessagingApp = Pick<
  App,
  | 'region'
  | 'accountId'
  | 'functions'
  | 'tables'
  | 'queues'
  | 'topics'
  | 'eventBuses'
  | 'schedules'
  | 'eventSources'
>;

export interface MessagingOptions {
  app: MessagingApp;
  invoker: FunctionInvoker;
  hasFunction(functionName: string): boolean;
  clock: Clock;
  log: Log;
  /** The changes that a table's stream still contains. @default none */
  recordedChanges?: (tableName: string) => ItemChange[];
}

export class Messaging implements Destinations {
  readonly #options: MessagingOptions;
  readonly #queues: Queues;
  readonly #topics: Topics;
  readonly #buses: EventBuses;
  readonly #schedules: Schedules;
  readonly #eventSources: EventSources;
  readonly #destinations: Destinations;

  constructor(options: MessagingOptions) {
    this.#options = options;
    const { app, invoker, hasFunction, clock, log } = options;
    const { region, accountId } = app;
    const destinations = new AppDestinations({
      hasFunction,
      invokeAsync: (functionName, payload) => invoker.invokeAsync(functionName, payload),
      sendToQueue: (arn, delivery) => this.#send(arn, delivery),
      publish: (arn, delivery) => this.#publish(arn, delivery),
      putEvent: (busArn, { body, isForwarded }) => this.#buses.put(busArn, body, isForwarded),
    });
    this.#destinations = destinations;
    this.#queues = new Queues({ queues: app.queues, accountId, clock });
    this.#topics = new Topics({ topics: app.topics, region, destinations, clock, log });
    this.#buses = new EventBuses({ buses: app.eventBuses, destinations, clock, log });
    this.#schedules = new Schedules({
      ...{ schedules: app.schedules, region, accountId, clock },
      deliver: (schedule, target, event) => this.#buses.deliver(schedule, target, event),
    });
    this.#eventSources = new EventSources({
      queues: this.#queues,
      region,
      invoker,
      destinations,
      clock,
      log,
      recordedChanges: options.recordedChanges,
    });
  }

  /** By the service name in signatures. */
  get services(): Record<string, RequestHandler> {
    const { region, accountId } = this.#options.app;
    const { clock, log } = this.#options;
    return {
      events: new EventsService({ buses: this.#buses, region, accountId, clock, log }),
      sns: new SnsService({ topics: this.#topics, accountId }),
      sqs: new SqsService({ queues: this.#queues, region, accountId }),
    };
  }

  /** Starts schedules and mappings. */
  start(): void {
    this.#schedules.start();
    this.#eventSources.replace(this.#options.app);
  }

  deliver(arn: string, delivery: Delivery): void {
    this.#destinations.deliver(arn, delivery);
  }

  /** Called when an item of a table has changed. */
  changed(change: ItemChange): void {
    this.#eventSources.changed(change);
  }

  /** Queues that stay keep their messages. */
  update(app: MessagingApp): void {
    const { queues, topics, eventBuses, schedules } = app;
    this.#queues.replace(queues);
    this.#topics.replace(topics);
    this.#buses.replace(eventBuses);
    this.#schedules.replace(schedules);
    this.#eventSources.replace(app);
  }

  stop(): void {
    this.#schedules.stop();
    this.#eventSources.stop();
    this.#queues.close();
  }

  #send(arn: string, { body, attributes = {}, groupId, deduplicationId }: Delivery): boolean {
    const queue = this.#queues.byArn(arn);
    queue?.send({
      ...{ body, attributes },
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
    });
    return queue !== undefined;
  }

  #publish(arn: string, { body, attributes = {}, groupId, deduplicationId }: Delivery): boolean {
    const published = this.#topics.publish(arn, {
      ...{ message: body, attributes },
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
    });
    return published !== undefined;
  }
}
