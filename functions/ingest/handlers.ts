/** The Lambda function that hears of new files. */
import { S3Files } from './incoming-files';
import { ingestHandler } from './ingest-handler';

export const handler = ingestHandler({ files: new S3Files() });
