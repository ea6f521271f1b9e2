import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FileUnreadableError, S3FileSource } from '../../../functions/ingest/file-source';
import type { IncomingFile } from '../../../functions/ingest/s3-event';

const CONTENT = 'MSH|^~\\&|FICTION|NOWHERE';
const FILE: IncomingFile = {
  ...{ bucket: 'files', key: 'Doe Jane.hl7', sizeBytes: CONTENT.length, versionId: 'v1', eTag: 'e1' },
  ...{ cameAt: '2026-11-30T09:15:12.000Z', id: 'abc' },
};

describe('S3FileSource', () => {
  let server: Server;
  let requests: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const environment = { ...process.env };

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    process.env.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    process.env = { ...environment };
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  /** Returns this many bytes from the requested position, and breaks off before the end. */
  const breaksOffAfter = (bytes: number) => (request: IncomingMessage, response: ServerResponse) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = CONTENT.slice(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length });
    if (rest.length <= bytes) response.end(rest);
    else response.write(rest.slice(0, bytes), () => setImmediate(() => response.destroy()));
  };
  const read = async () => {
    let text = '';
    for await (const piece of await new S3FileSource().read(FILE)) text += Buffer.from(piece).toString();
    return text;
  };

  it('resumes a broken stream, with the same version', async () => {
    answer = breaksOffAfter(10);
    expect(await read()).toBe(CONTENT);
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=10-', 'bytes=20-']);
    for (const { url } of requests) expect(url).toMatch(/versionId=v1/);
  });

  it('fails if no more bytes arrive', async () => {
    answer = breaksOffAfter(0);
    await expect(read()).rejects.toThrow(FileUnreadableError);
  });

  it('reports S3’s error, but not the file’s name, which S3’s message may contain', async () => {
    answer = (_request, response) => {
      response.writeHead(403, { 'x-amz-request-id': 'R1' });
      response.end(
        '<Error><Code>AccessDenied</Code><Message>no s3:GetObject on files/Doe Jane.hl7</Message></Error>',
      );
    };
    const failure = await read().catch((error: Error) => error);
    expect(String(failure)).toMatch(/^Error: File abc, version v1 .* AccessDenied, status 403, request R1$/);
  });
});
