/** The ingest function as Lambda calls it: with S3 events, at least once for each file, and again if it fails. */
import {
  type Backend,
  backendFromEnvironment,
  ConfigurationError,
  type LambdaContext,
  Service,
} from '../../lib';
import { deadlineOf } from '../../lib/handlers/deadline';
import type { FileSource } from './file-source';
import { Ingest } from './ingest';
import type { NotificationOptions } from './notification';
import { incomingFile, type S3Event } from './s3-event';

export interface IngestHandlerOptions {
  files: FileSource;
  /** @default the environment of the function */
  environment?: NodeJS.ProcessEnv;
  /** @default the real table, gateway and functions, from the environment */
  backend?: Backend;
}

export type IngestHandler = (event: S3Event, context: LambdaContext) => Promise<void>;

/**
 * Reads the environment: `SERVICE_NAME`, whose connections get the notifications, `CONNECTION_TABLE` and, optionally,
 * `MESSAGE` and `SOURCE_NAMES`. The first event reports a missing one.
 */
export function ingestHandler({
  files,
  environment = process.env,
  backend,
}: IngestHandlerOptions): IngestHandler {
  let made = backend;
  return async ({ Records = [] }, context) => {
    made ??= backendFromEnvironment(environment);
    const deadline = deadlineOf(context, made.clock);
    const service = new Service(serviceName(environment), { backend: made, deadline });
    const ingest = new Ingest(service, files, notificationOptions(environment));
    const failures: unknown[] = [];
    for (const record of Records) {
      const file = incomingFile(record);
      try {
        console.log(JSON.stringify({ file: file.id, ...(await ingest.announce(file)) }));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) {
      throw new AggregateError(failures, `${failures.length} of ${Records.length} files failed`);
    }
  };
}

function serviceName(environment: NodeJS.ProcessEnv): string {
  if (environment.SERVICE_NAME) return environment.SERVICE_NAME;
  throw new ConfigurationError(
    'The environment of the ingest function has no SERVICE_NAME (the service whose connections get the notifications). The construct IncomingFiles sets it.',
  );
}

/** File names are included only on the developer's own machine, where there are no patients. */
function notificationOptions(environment: NodeJS.ProcessEnv): NotificationOptions {
  const { MESSAGE: message, SOURCE_NAMES = environment.SHARED_CONNECTION_LOCAL } = environment;
  return { ...(message && { message }), sourceNames: SOURCE_NAMES === 'true' };
}
