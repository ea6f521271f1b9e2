/** The app's buckets on this machine: their folders, the S3 API for them, and the events of what comes into them. */
import type { Bucket } from '../assembly/model';
import type { Clock } from '../clock';
import type { RequestHandler } from '../endpoint/endpoint';
import type { Log } from '../log';
import type { Destinations } from '../messaging/destinations';
import { UserError } from '../user-error';
import { BucketEvents } from './bucket-events';
import { BucketFolder } from './bucket-folder';
import { S3Service } from './s3-service';

export interface LocalS3Options {
  buckets: Bucket[];
  /** By the names of buckets; those without one are not there. */
  directories: Record<string, string>;
  region: string;
  accountId: string;
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

export class LocalS3 {
  readonly #options: LocalS3Options;
  readonly #events = new Map<string, BucketEvents>();
  readonly #directories: Record<string, string> = {};
  #service: S3Service | undefined;

  constructor(options: LocalS3Options) {
    this.#options = options;
  }

  /** Absolute, by the names of buckets. */
  get directories(): Record<string, string> {
    return this.#directories;
  }

  /**
   * Makes the folders that are not there, watches those of which a function hears, and serves them all.
   * @throws {UserError} if a folder cannot be had.
   */
  async start(): Promise<RequestHandler> {
    const { buckets, directories, region, accountId, log } = this.#options;
    const folders: BucketFolder[] = [];
    for (const bucket of buckets) {
      const directory = directories[bucket.bucketName];
      if (directory === undefined) continue;
      const folder = await openFolder(bucket, directory, log);
      folders.push(folder);
      this.#directories[bucket.bucketName] = folder.directory;
      if (bucket.notifications.length > 0) await this.#tellOf(bucket, folder);
    }
    this.#service = new S3Service({
      ...{ buckets: folders, region, accountId, log },
      onCreated: (created) => this.#events.get(created.bucket.bucketName)?.objectCreated(created),
    });
    return this.#service;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#events.values()].map((events) => events.stop()));
    await this.#service?.close();
  }

  async #tellOf({ bucketName, bucketArn, notifications }: Bucket, folder: BucketFolder): Promise<void> {
    const { region, accountId, destinations, clock, log } = this.#options;
    const events = new BucketEvents({
      ...{ bucket: folder, bucketArn, notifications },
      ...{ region, accountId, destinations, clock, log },
    });
    this.#events.set(bucketName, events);
    await events.start();
  }
}

async function openFolder({ bucketName }: Bucket, directory: string, log: Log): Promise<BucketFolder> {
  try {
    return await BucketFolder.open(bucketName, directory, log);
  } catch (error) {
    throw new UserError(
      `${directory} cannot stand for the bucket ${bucketName}: ${(error as Error).message}. Give another folder: --bucket ${bucketName}=DIR.`,
    );
  }
}
