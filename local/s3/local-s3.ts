/** The app's buckets on this machine: their folders, the S3 API, and the notifications of new objects. */
import type { Bucket } from '../assembly/model';
import type { Clock } from '../clock';
import type { RequestHandler } from '../endpoint/request-router';
import type { Log } from '../log';
import type { Destinations } from '../messaging/destinations';
import { UserError } from '../user-error';
import { BucketEvents } from './bucket-events';
import { BucketFolder } from './bucket-folder';
import type { AuthorizeForm } from './post-object';
import { S3Service } from './s3-service';

export interface LocalS3Options {
  buckets: Bucket[];
  /** By bucket name. Buckets without a folder do not exist here. */
  directories: Record<string, string>;
  region: string;
  accountId: string;
  destinations: Destinations;
  clock: Clock;
  log: Log;
  /** Undefined if signatures are not verified. */
  authorizeForm?: AuthorizeForm | undefined;
}

export class LocalS3 {
  readonly #options: LocalS3Options;
  readonly #events = new Map<string, BucketEvents>();
  readonly #directories: Record<string, string> = {};
  #service: S3Service | undefined;

  constructor(options: LocalS3Options) {
    this.#options = options;
  }

  /** Absolute paths, by bucket name. */
  get directories(): Record<string, string> {
    return this.#directories;
  }

  /**
   * Creates missing folders, watches those with notifications, and serves them all.
   * @throws {UserError} if a folder cannot be used
   */
  async start(): Promise<RequestHandler> {
    const { buckets, directories, region, accountId, clock, log, authorizeForm } = this.#options;
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
      ...(authorizeForm && { authorizeForm }),
      // SDKs sign by the system's clock, or by the time in a response, which is the runtime's.
      now: () => Math.min(Date.now(), clock.now()),
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
      `${directory} cannot be the folder of the bucket ${bucketName}: ${(error as Error).message}. Choose another folder: --bucket ${bucketName}=DIR.`,
    );
  }
}
