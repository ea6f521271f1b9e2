/**
 * `/@local/events`: what happens, as server-sent events. A busy runtime sends the newest happenings ten times a second and says how
 * many it left out; a reader that does not keep up gets fewer, and costs no more memory. Counts come once a second and are complete.
 *
 * hello   the run, the counts of the last five minutes, and those of the second that is not over
 * batch   happenings, the oldest first; `skipped` before them
 * second  the counts of the last second, and what is open and running now
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Alarm, Clock } from '../clock';
import type { Activity } from './activity';
import { COUNTED, type Numbered } from './happening';
import { withoutSecrets } from './hidden-secrets';
import { KEPT_SECONDS } from './seconds';

const BATCH_MILLIS = 100;
const BATCH_MOST = 200;
const SECOND_MILLIS = 1_000;
/** A browser has one for each page that is shown. */
const MOST_STREAMS = 16;
/** More than this in a stream's buffer waits for its reader. */
const MOST_BUFFERED_BYTES = 512 * 1024;

interface Stream {
  response: ServerResponse;
  /** The number of the last happening that it has, or that was skipped. */
  sent: number;
  /** The last second whose counts it has, since the epoch. */
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

  /** 0 for another run's, so that the reader gets what is remembered. */
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
        // What came while its reader did not read.
        this.#sendTo(stream);
      }
    });
  }

  /** Several, if this process was too busy to tell each of them in time, or its reader to read them. */
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

  /** Returns the last second whose counts are in it. */
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
    const { happenings, skipped } = this.#activity.after(stream.sent, BATCH_MOST);
    stream.sent = last;
    stream.response.write(
      eventOf('batch', { happenings: happenings.map(fitToShow), skipped }, `id: ${run} ${last}\n`),
    );
  }
}

function isWaiting({ response }: Stream): boolean {
  return response.writableLength > MOST_BUFFERED_BYTES;
}

function fitToShow(happening: Numbered): Numbered {
  const shown: Record<string, unknown> = { ...happening };
  for (const name of ['text', 'error', 'subject', 'reason', 'user'] as const) {
    const value = shown[name];
    if (typeof value === 'string') shown[name] = withoutSecrets(value);
  }
  return shown as unknown as Numbered;
}

function eventOf(name: string, data: object, head = ''): string {
  return `${head}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
