/** Announces incoming files: every message of a file to everyone who listens, in the order of the file. */
import type { DeliveryReport, Service } from '../../lib';
import { sleep } from '../../lib/clock';
import { Slots } from '../../lib/delivery/slots';
import { ErrorLog } from '../../lib/telemetry/error-log';
import { NotificationLog } from '../notifications/notification-log';
import { channelOf, EVERYTHING } from '../notifications/topics';
import { type Announcement, AnnouncementStore, type Outcome } from './announcements';
import type { FileSource } from './file-source';
import { scanMessages } from './hl7/scan-messages';
import type { BrokenMessage, ScannedRecord } from './hl7/scanned-record';
import { brokenNotificationOf, type NotificationOptions, notificationOf } from './notification';
import type { IncomingFile } from './s3-event';

/** How many messages of one file are announced at a time. */
const AT_A_TIME = 4;
/** The longest time that the delivery of one message delays the next one. */
const SLOW_MILLISECONDS = 500;
/** The time for one delivery with its retries. If less is left, another invocation continues. */
const DELIVERY_MILLISECONDS = 15_000;
/** Reserved in each lease for its last write. */
const MARGIN_MILLISECONDS = 5_000;
const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 2_000;

/**
 * How many messages of a file were announced. `again`: possibly for the second time. `before`: already done earlier.
 */
export interface IngestReport {
  announced: number;
  again: number;
  before: number;
  broken: number;
}

export class Ingest {
  readonly #announcements: AnnouncementStore;
  readonly #errors: ErrorLog;
  readonly #log: NotificationLog;

  constructor(
    private readonly service: Service,
    private readonly files: FileSource,
    private readonly options: NotificationOptions = {},
  ) {
    const { table, clock } = service.backend;
    this.#announcements = new AnnouncementStore(table, clock);
    this.#log = new NotificationLog(table, clock, service.name);
    this.#errors = new ErrorLog(service.backend, service.name);
  }

  /**
   * A client that takes half a second for a message may get the next one first. All others get them in order.
   * @throws AggregateError if messages could not be announced; another call continues with these
   */
  async announce(file: IncomingFile): Promise<IngestReport> {
    const report = { announced: 0, again: 0, before: 0, broken: 0 };
    const failures: unknown[] = [];
    const slots = new Slots(AT_A_TIME);
    try {
      for await (const record of scanMessages(await this.files.read(file))) {
        this.#assertTimeIsLeft(file, record.index);
        const release = await slots.takeOnce();
        const announced = this.#once(record, file, report)
          .catch((error: unknown) => failures.push(error))
          .finally(release);
        await this.#soon(announced);
      }
    } finally {
      await slots.allReleased();
    }
    if (failures.length === 0) return report;
    throw new AggregateError(
      failures,
      `${failures.length} messages of file ${file.id} could not be announced: ${String(failures[0])}`,
    );
  }

  /**
   * Announces a message unless that is done. If another invocation is announcing it, waits, because that one may
   * crash.
   */
  async #once(record: ScannedRecord, file: IncomingFile, report: IngestReport): Promise<void> {
    const { clock, token } = this.service.backend;
    const announcement = { file: file.id, index: record.index };
    const announcer = token();
    for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
      const beginning = await this.#announcements.begin(announcement, announcer);
      if (beginning.state === 'done') {
        report.before++;
        return;
      }
      if (beginning.state === 'begun') {
        const outcome = await this.#tell(record, file, beginning.until - MARGIN_MILLISECONDS);
        await this.#finish(announcement, announcer, outcome);
        if (beginning.again) report.again++;
        report[record.kind === 'broken' ? 'broken' : 'announced']++;
        return;
      }
      this.#assertTimeIsLeft(file, record.index);
      await sleep(clock, pause);
    }
  }

  async #tell(record: ScannedRecord, file: IncomingFile, until: number): Promise<Outcome> {
    const notification =
      record.kind === 'broken'
        ? brokenNotificationOf(record, file, this.options)
        : notificationOf(record, file, this.options);
    const { Id: id, Topic: topic } = notification;
    const text = JSON.stringify(notification);
    await this.#log.note({ id, topic, text });
    const deadline = Math.min(until, this.service.deadline);
    const report = await this.service.publish([EVERYTHING, topic].map(channelOf), text, { deadline });
    return record.kind === 'broken' ? this.#recordError(record, file) : report;
  }

  /** The entry contains nothing of the message, and the file's name only where that is allowed. */
  async #recordError({ error, index }: BrokenMessage, file: IncomingFile): Promise<Outcome> {
    const { bucket, key, versionId = file.eTag, id } = file;
    await this.#errors.record({
      ...{ error: error.name, rule: error.rule, value: error.value, index },
      ...{
        file: id,
        bucket,
        version: versionId,
        at: new Date(this.service.backend.clock.now()).toISOString(),
      },
      ...(this.options.sourceNames && { key }),
    });
    return { broken: error.name };
  }

  async #finish(announcement: Announcement, announcer: string, outcome: Outcome): Promise<void> {
    const finished = await this.#announcements.finish(announcement, announcer, outcome);
    const failed = (outcome as Partial<DeliveryReport>).failed ?? 0;
    if (finished && failed === 0) return;
    const what = `Message ${announcement.index} of file ${announcement.file}`;
    if (!finished) console.warn(`${what} took longer than its lease and may be announced twice.`);
    if (failed > 0) console.warn(`${what} did not reach ${failed}: ${JSON.stringify(outcome)}`);
  }

  /** Resolves when the work is done, or has taken so long that the next message may begin. */
  async #soon(work: Promise<unknown>): Promise<void> {
    let cancel = () => {};
    const slow = new Promise<void>((resolve) => {
      cancel = this.service.backend.clock.after(SLOW_MILLISECONDS, resolve);
    });
    await Promise.race([work, slow]);
    cancel();
  }

  #assertTimeIsLeft(file: IncomingFile, index: number): void {
    if (this.service.backend.clock.now() + DELIVERY_MILLISECONDS <= this.service.deadline) return;
    throw new OutOfTimeError(file, index);
  }
}

/** The invocation is out of time. Another one continues from here. */
export class OutOfTimeError extends Error {
  constructor({ id }: IncomingFile, index: number) {
    super(
      `There was no time left for message ${index} of file ${id}. Lambda will retry the event and continue from there. If this happens often, increase the function's timeout.`,
    );
  }
}
