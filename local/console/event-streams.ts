/**
 * `/@local/events`: what happens, as server-sent events. A busy runtime sends the newest events ten times a second,
 * and how many it skipped. A slow reader gets fewer events and needs no more memory. Counts are sent once a second,
 * and are complete.
 *
 * hello   the run, the counts of the last five minutes, and those of the current second
 * batch   events, oldest first, and how many before them were `skipped`
 * second  the counts of the last second, and what is open and running
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Alarm, Clock } from '../clock';
import type { Activity } from './activity';
import { COUNTED, type NumberedEvent } from './console-event';
import { withoutSecrets } from './hidden-secrets';
import { KEPT_SECONDS } from './seconds';

const BATCH_MILLIS = 100;
const BATCH_MOST = 200;
const SECOND_MILLIS = 1_000;
/** The most streams at a time. A browser has one for each visible page. */
const MOST_STREAMS = 16;
/** With more than this in its buffer, a stream waits for its reader. */
const MOST_BUFFERED_BYTES = 512 * 1024;

interface Stream {
  response: ServerResponse;
  /** The number of the latest event that was sent or skipped. */
  sent: number;
  /** The latest second whose counts were sent, since the epoch. */
  second: number;
}

export interface Gauges {
  connections: number;
  running: number;
  environments: number;
}

export class EventStreams {
  readonly #activity: Activity;
  readonly #clock: Clock;
  readonly #gauges: () => Gauges;
  readonly #streams = new Set<Stream>();
  #batch: Alarm | undefined;
  #second: Alarm | undefined;
  #stopListening: (() => void) | undefined;

  constructor(activity: Activity, clock: Clock, gauges: () => Gauges) {
    this.#activity = activity;
    this.#clock = clock;
    this.#gauges = gauges;
  }

  open(request: IncomingMessage, response: ServerResponse): void {
    if (this.#streams.size >= MOST_STREAMS) {
      response
        .writeHead(503, { 'content-type': 'text/plain; charset=utf-8' })
        .end(`There are ${MOST_STREAMS} readers of events already. Close one of the pages.\n`);
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const sent = this.#resumesAfter(request.headers['last-event-id']);
    const stream = { response, sent, second: this.#hello(response) };
    this.#streams.add(stream);
    response.on('close', () => this.#closed(stream));
    this.#sendTo(stream);
    this.#stopListening ??= this.#activity.listen(() => this.#soon());
    this.#second ??= this.#afterASecond();
  }

  /** 0 for another run, so that the reader gets all events that are kept. */
  #resumesAfter(id: string | string[] | undefined): number {
    const { run, last } = this.#activity;
    const [ofRun, number = ''] = String(id ?? '').split(' ');
    return ofRun === run && /^\d{1,15}$/.test(number) ? Math.min(Number(number), last) : 0;
  }

  #closed(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#batch?.cancel();
    this.#batch = undefined;
    this.#second?.cancel();
    this.#second = undefined;
  }

  #soon(): void {
    this.#batch ??= this.#clock.after(BATCH_MILLIS, () => {
      this.#batch = undefined;
      for (const stream of this.#streams) this.#sendTo(stream);
    });
  }

  #afterASecond(): Alarm {
    const now = this.#clock.now();
    return this.#clock.after(SECOND_MILLIS - (now % SECOND_MILLIS), () => {
      this.#second = this.#afterASecond();
      for (const stream of this.#streams) {
        this.#tellSeconds(stream);
        // Events that arrived while the reader was slow.
        this.#sendTo(stream);
      }
    });
  }

  /** Sends several seconds together if this process or the reader was too busy. */
  #tellSeconds(stream: Stream): void {
    if (isWaiting(stream)) return;
    const { until, series } = this.#activity.seconds.last(KEPT_SECONDS - 1, this.#clock.now());
    for (let second = Math.max(stream.second + 1, until - KEPT_SECONDS + 2); second <= until; second += 1) {
      const at = KEPT_SECONDS - 2 - (until - second);
      const counts = Object.fromEntries(COUNTED.map((name) => [name, series[name][at]]));
      stream.response.write(eventOf('second', { second, counts, gauges: this.#gauges() }));
    }
    stream.second = Math.max(stream.second, until);
  }

  /** Returns the latest second that it covers. */
  #hello(response: ServerResponse): number {
    const { until, series } = this.#activity.seconds.last(KEPT_SECONDS - 1, this.#clock.now());
    const { run, startedAt, seconds } = this.#activity;
    const current = seconds.current(this.#clock.now());
    response.write(
      eventOf('hello', { run, startedAt, until, series, current, gauges: this.#gauges() }, 'retry: 1000\n'),
    );
    return until;
  }

  #sendTo(stream: Stream): void {
    const { last, run } = this.#activity;
    if (stream.sent === last || isWaiting(stream)) return;
    const { events, skipped } = this.#activity.after(stream.sent, BATCH_MOST);
    stream.sent = last;
    stream.response.write(
      eventOf('batch', { events: events.map(fitToShow), skipped }, `id: ${run} ${last}\n`),
    );
  }
}

function isWaiting({ response }: Stream): boolean {
  return response.writableLength > MOST_BUFFERED_BYTES;
}

function fitToShow(event: NumberedEvent): NumberedEvent {
  const shown: Record<string, unknown> = { ...event };
  for (const name of ['text', 'error', 'subject', 'reason', 'user'] as const) {
    const value = shown[name];
    if (typeof value === 'string') shown[name] = withoutSecrets(value);
  }
  return shown as unknown as NumberedEvent;
}

function eventOf(name: string, data: object, head = ''): string {
  return `${head}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
