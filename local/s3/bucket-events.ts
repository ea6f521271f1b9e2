/**
 * Notifies functions, queues and topics of new objects in a bucket, from the S3 API or from files in its folder. A
 * notification for a file is sent when the file has not changed for a while, and only once for the same content.
 */
import type { BucketNotification } from '../assembly/model';
import type { Alarm, Clock } from '../clock';
import type { Log } from '../log';
import { DeliveryError, type Destinations } from '../messaging/destinations';
import { printable } from '../printable';
import type { BucketFolder, StoredObject } from './bucket-folder';
import { FolderWatch, type FolderWatchEvents } from './folder-watch';
import type { Created } from './object-requests';
import { Sequencer, s3Event } from './s3-event';
import { newRequestIds } from './s3-response';

/** A file that has not changed for this long counts as complete. */
export const SETTLE_MILLIS = 300;

/** How many files are hashed at the same time. */
const MAX_LOOKS = 8;

export interface BucketEventsOptions {
  bucket: BucketFolder;
  bucketArn: string;
  notifications: BucketNotification[];
  region: string;
  accountId: string;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

export class BucketEvents {
  readonly #options: BucketEventsOptions;
  readonly #sequencer = new Sequencer();
  /** The contents that notifications were sent for, by key. */
  readonly #told = new Map<string, { versionId: string }>();
  /** Files that may still be written. */
  readonly #settling = new Map<string, Alarm>();
  readonly #toLook = new Set<string>();
  #looks: Promise<void>[] = [];
  #watch: FolderWatch | undefined;
  #isStopped = false;

  constructor(options: BucketEventsOptions) {
    this.#options = options;
  }

  /** Starts watching the folder. Existing files do not count as new. */
  async start(): Promise<void> {
    const { bucket, clock, log } = this.#options;
    const events: FolderWatchEvents = {
      changed: (key) => this.fileChanged(key),
      removed: (key) => void this.fileRemoved(key),
      gone: () => log.warn(`${bucket.directory} was deleted. It will be watched again once it exists.`),
      back: () => log.info(`${bucket.directory} exists again and is being watched.`),
      failed: (error) => log.error(`Only part of ${bucket.directory} is watched: ${watchFault(error)}`),
    };
    this.#watch = await FolderWatch.start(bucket, events, clock);
  }

  /** Abandons files that may still be written, and finishes the others. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const alarm of this.#settling.values()) alarm.cancel();
    this.#settling.clear();
    await this.#watch?.stop();
    await Promise.all(this.#looks);
  }

  /** Called when the S3 API has stored an object. Every such object is notified. */
  objectCreated({ object, how, ids, sourceIpAddress }: Created): void {
    this.#settling.get(object.key)?.cancel();
    this.#settling.delete(object.key);
    this.#tell(object, `ObjectCreated:${how}`, { ids, sourceIpAddress });
  }

  /** Called when a file was created or changed. It may still be written. */
  fileChanged(key: string): void {
    if (this.#isStopped) return;
    this.#settling.get(key)?.cancel();
    const alarm = this.#options.clock.after(SETTLE_MILLIS, () => {
      this.#settling.delete(key);
      this.#toLook.add(key);
      if (this.#looks.length < MAX_LOOKS) this.#startLook();
    });
    this.#settling.set(key, alarm);
  }

  /** Called when a file was deleted. If the same content comes back, it is notified again. */
  async fileRemoved(key: string): Promise<void> {
    const told = this.#told.get(key);
    if (told === undefined || (await this.#find(key))) return;
    // Another file may have been created in the meantime.
    if (this.#told.get(key) === told) this.#told.delete(key);
  }

  #startLook(): void {
    const look = this.#look().then(() => {
      this.#looks = this.#looks.filter((other) => other !== look);
    });
    this.#looks.push(look);
  }

  /** Handles one file at a time. */
  async #look(): Promise<void> {
    for (const key of this.#toLook) {
      this.#toLook.delete(key);
      const object = await this.#find(key);
      // If the file has changed in the meantime, it is checked again.
      if (object === undefined || this.#settling.has(key)) continue;
      if (this.#told.get(key)?.versionId === object.versionId) continue;
      this.#tell(object, 'ObjectCreated:Put', { ids: newRequestIds(), sourceIpAddress: '127.0.0.1' });
    }
  }

  async #find(key: string): Promise<StoredObject | undefined> {
    const { bucket, log } = this.#options;
    try {
      return await bucket.find(key);
    } catch (error) {
      log.error(
        `${printable(key)} of ${bucket.directory} could not be read: ${printable((error as Error).message)}`,
      );
      return undefined;
    }
  }

  #tell(object: StoredObject, eventName: string, how: Pick<Created, 'ids' | 'sourceIpAddress'>): void {
    const { bucket, bucketArn, notifications, region, accountId, clock } = this.#options;
    this.#told.set(object.key, { versionId: object.versionId });
    const eventTime = clock.now();
    const sequencer = this.#sequencer.next(eventTime);
    for (const { id, targetArn } of notifications.filter((one) => concerns(one, eventName, object.key))) {
      const event = s3Event({
        ...{ eventName, eventTime, region, accountId, object, sequencer, bucketArn, ...how },
        bucketName: bucket.bucketName,
        configurationId: id,
      });
      this.#notify(targetArn, event);
    }
  }

  #notify(targetArn: string, event: string): void {
    const { destinations, bucket, log } = this.#options;
    try {
      destinations.deliver(targetArn, { body: event });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      log.warn(`${bucket.bucketName}: lost an event for ${targetArn}: ${error.message}`);
    }
  }
}

function concerns({ events, prefix, suffix }: BucketNotification, eventName: string, key: string): boolean {
  const isOfEvent = events.some((event) => event === `s3:${eventName}` || event === 's3:ObjectCreated:*');
  return isOfEvent && key.startsWith(prefix) && key.endsWith(suffix);
}

function watchFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC'
    ? 'the limit of file watches is reached (on Linux: sysctl fs.inotify.max_user_watches).'
    : printable(String(message));
}
