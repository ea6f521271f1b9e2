/** The S3 service for one folder on a separate port, with a raw client. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLog } from '../../../local/log';
import { BucketFolder } from '../../../local/s3/bucket-folder';
import type { Created } from '../../../local/s3/object-requests';
import { S3Service } from '../../../local/s3/s3-service';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface RunningS3 {
  port: number;
  bucket: BucketFolder;
  /** The folder that contains the bucket's folder. */
  home: string;
  created: Created[];
  service: S3Service;
  /** Paths are sent unchanged. */
  send(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<Answer>;
  write(key: string, content: string | Buffer): void;
  /** Undefined if the file does not exist. */
  content(key: string): string | undefined;
  stop(): Promise<void>;
}

export async function startS3(bucketName = 'samples'): Promise<RunningS3> {
  const home = mkdtempSync(join(tmpdir(), 's3-'));
  const bucket = await BucketFolder.open(bucketName, join(home, 'incoming'));
  const created: Created[] = [];
  const service = new S3Service({
    buckets: [bucket],
    region: 'eu-west-1',
    accountId: '000000000000',
    log: silentLog,
    onCreated: (one) => created.push(one),
  });
  const server = createServer((incoming, response) => void service.handle(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, bucket, home, created, service },
    async send(method, path, { headers = {}, body = '' } = {}) {
      const outgoing = request({ host: '127.0.0.1', port, path, method, headers });
      outgoing.end(body);
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
    },
    write(key, content) {
      const path = join(bucket.directory, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    },
    content(key) {
      const path = join(bucket.directory, key);
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await service.close();
      rmSync(home, { recursive: true });
    },
  };
}

/** The code of an error, and the status of the response. */
export function errorOf({ status, body }: Answer): string {
  return `${status} ${/<Code>(.*)<\/Code>/.exec(body)?.[1]}`;
}
