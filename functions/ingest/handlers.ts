/** The Lambda function for new files. */
import { S3FileSource } from './file-source';
import { ingestHandler } from './ingest-handler';

export const handler = ingestHandler({ files: new S3FileSource() });
