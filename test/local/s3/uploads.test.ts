import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { errorOf, type RunningS3, startS3 } from './running-s3';

const hash = (algorithm: string, content: string, encoding: 'hex' | 'base64' = 'base64') =>
  createHash(algorithm).update(content).digest(encoding);

/** In chunks of `size`, as the SDKs send them, with or without signatures. */
function awsChunked(content: string, { size = 5, signed = false, trailers = [] as string[] } = {}): string {
  const signature = signed ? `;chunk-signature=${'0'.repeat(64)}` : '';
  const pieces = content.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}${signature}\r\n${piece}\r\n`);
  return `${chunks.join('')}0${signature}\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`;
}

const chunkedHeaders = (content: string, more: Record<string, string> = {}) => ({
  'content-encoding': 'aws-chunked',
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-decoded-content-length': String(content.length),
  ...more,
});

describe('An upload', () => {
  let s3: RunningS3;
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.stop());

  const put = (key: string, body: string, headers: Record<string, string> = {}) =>
    s3.send('PUT', `/samples/${key}`, {
      headers: { 'content-length': String(body.length), ...headers },
      body,
    });
  const files = () => readdirSync(s3.bucket.directory);

  it('becomes a file', async () => {
    const answer = await put('ward/1/a%20b.hl7', 'content');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers).toMatchObject({
      etag: `"${hash('md5', 'content', 'hex')}"`,
      'x-amz-version-id': hash('sha256', 'content', 'hex'),
    });
    expect(s3.content('ward/1/a b.hl7')).toBe('content');
    expect(files()).toEqual(['ward']);
  });

  it('creates the folder again if it was deleted', async () => {
    rmSync(s3.bucket.directory, { recursive: true });
    expect(await put('a', 'content')).toMatchObject({ status: 200 });
    expect(s3.content('a')).toBe('content');
  });

  it('may have a backslash in its key', async () => {
    expect(await put('ward%5Ca', 'content')).toMatchObject({ status: 200 });
    expect(await s3.send('GET', '/samples/ward%5Ca')).toMatchObject({ status: 200, body: 'content' });
    expect(files()).toEqual(['ward\\a']);
  });

  it('replaces the existing file', async () => {
    s3.write('a', 'before');
    await put('a', 'after');
    expect(s3.content('a')).toBe('after');
  });

  it('is notified once, with the data for an event', async () => {
    await put('a', 'content');
    expect(s3.created).toMatchObject([
      {
        object: { key: 'a', size: 7, eTag: hash('md5', 'content', 'hex') },
        how: 'Put',
        sourceIpAddress: '127.0.0.1',
      },
    ]);
  });

  it('keeps its headers while its content is unchanged', async () => {
    const headers = {
      'content-type': 'x-application/hl7-v2+er7',
      'x-amz-meta-ward': '1',
      'content-encoding': 'aws-chunked, gzip',
      'x-amz-decoded-content-length': '3',
    };
    await s3.send('PUT', '/samples/a', { headers, body: awsChunked('abc') });
    expect((await s3.send('GET', '/samples/a')).headers).toMatchObject({
      'content-type': 'x-application/hl7-v2+er7',
      'x-amz-meta-ward': '1',
      'content-encoding': 'gzip',
    });
    s3.write('a', 'other');
    const { headers: later } = await s3.send('GET', '/samples/a');
    expect(later['content-type']).toBe('binary/octet-stream');
    expect(later).not.toHaveProperty('x-amz-meta-ward');
  });

  it('waits for 100 Continue if it requests it', async () => {
    const outgoing = request({
      ...{ host: '127.0.0.1', port: s3.port, method: 'PUT', path: '/samples/a' },
      headers: { expect: '100-continue', 'content-length': 7 },
    });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('content');
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(s3.content('a')).toBe('content');
  });

  it.each([
    ['in chunks with a trailing checksum', false, ['x-amz-checksum-crc32:DUoRhQ==']],
    [
      'in signed chunks',
      true,
      ['x-amz-checksum-crc32:DUoRhQ==', `x-amz-trailer-signature:${'0'.repeat(64)}`],
    ],
  ])('can be sent %s', async (_, signed, trailers) => {
    const headers = chunkedHeaders('hello world', { 'x-amz-trailer': 'x-amz-checksum-crc32' });
    const body = awsChunked('hello world', { signed, trailers });
    const answer = await s3.send('PUT', '/samples/a', { headers, body });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-amz-checksum-crc32': 'DUoRhQ==' } });
    expect(s3.content('a')).toBe('hello world');
  });

  it('in chunks can be split anywhere on the way', async () => {
    const content = 'hello\r\nworld';
    const body = awsChunked(content, { trailers: [`x-amz-checksum-sha1:${hash('sha1', content)}`] });
    const headers = chunkedHeaders(content, { 'x-amz-trailer': 'x-amz-checksum-sha1' });
    const outgoing = request({
      ...{ host: '127.0.0.1', port: s3.port, method: 'PUT', path: '/samples/a', headers },
    });
    outgoing.setNoDelay(true);
    for (const character of body) {
      await new Promise<void>((resolve) => outgoing.write(character, () => resolve()));
    }
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(s3.content('a')).toBe(content);
  });

  // Check values from the catalogue of CRC algorithms for "123456789", and digests.
  it.each([
    ['crc32', 'y/Q5Jg=='],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
    ['sha1', hash('sha1', '123456789')],
    ['sha256', hash('sha256', '123456789')],
  ])('is verified by its %s', async (algorithm, checksum) => {
    const name = `x-amz-checksum-${algorithm}`;
    expect(await put('right', '123456789', { [name]: checksum })).toMatchObject({
      status: 200,
      headers: { [name]: checksum },
    });
    expect(errorOf(await put('wrong', '123456780', { [name]: checksum }))).toBe('400 BadDigest');
    expect(files()).toEqual(['right']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['another Content-MD5', { 'content-md5': hash('md5', 'other') }, '400 BadDigest'],
    ['no Content-MD5', { 'content-md5': 'YWJj' }, '400 InvalidDigest'],
    [
      'another signed hash',
      { 'x-amz-content-sha256': hash('sha256', 'other', 'hex') },
      '400 XAmzContentSHA256Mismatch',
    ],
    ['an unknown trailer', { 'x-amz-trailer': 'x-amz-checksum-md4' }, '400 InvalidRequest'],
    ['a trailer that is missing', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, '400 MalformedTrailerError'],
    ['too great a length', { 'content-length': String(6 * 1024 ** 3) }, '400 EntityTooLarge'],
    ['a source to copy', { 'x-amz-copy-source': '/samples/b' }, '501 NotImplemented'],
    ['a condition that S3 does not take', { 'if-none-match': '"a"' }, '501 NotImplemented'],
  ])('with %s leaves nothing behind', async (_, headers, error) => {
    expect(errorOf(await put('a', 'content', headers))).toBe(error);
    expect(files()).toEqual([]);
    expect(s3.created).toEqual([]);
  });

  it('with the right digests is accepted', async () => {
    const headers = {
      'content-md5': hash('md5', 'content'),
      'x-amz-content-sha256': hash('sha256', 'content', 'hex'),
    };
    expect(await put('a', 'content', headers)).toMatchObject({ status: 200 });
  });

  it.each<[string, string, string]>([
    ['a size that is none', 'x\r\nabc\r\n0\r\n\r\n', '400 InvalidRequest'],
    ['no line end after a chunk', '3\r\nabcX\r\n0\r\n\r\n', '400 InvalidRequest'],
    ['an endless size', '0'.repeat(10_000), '400 InvalidRequest'],
    ['a trailer that is none', '3\r\nabc\r\n0\r\nnothing\r\n\r\n', '400 InvalidRequest'],
    ['no last chunk', '3\r\nabc\r\n', '400 IncompleteBody'],
    ['less than was promised', '2\r\nab\r\n0\r\n\r\n', '400 IncompleteBody'],
    ['more than was promised', '4\r\nabcd\r\n0\r\n\r\n', '400 IncompleteBody'],
  ])('in chunks with %s leaves nothing behind', async (_, body, error) => {
    const answer = await s3.send('PUT', '/samples/a', { headers: chunkedHeaders('abc'), body });
    expect(errorOf(answer)).toBe(error);
    expect(files()).toEqual([]);
  });

  it('needs its length in advance', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    expect(errorOf(await s3.send('PUT', '/samples/a', { headers, body: 'a' }))).toBe(
      '411 MissingContentLength',
    );
  });

  it('that breaks off leaves nothing behind', async () => {
    const socket = connect(s3.port, '127.0.0.1');
    socket.write('PUT /samples/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nabc');
    while (files().length === 0) await new Promise(setImmediate);
    expect(files()[0]).toMatch(/^\..*\.upload$/);
    expect((await s3.send('GET', '/samples?list-type=2')).body).toContain('<KeyCount>0</KeyCount>');
    socket.destroy();
    while (files().length > 0) await new Promise(setImmediate);
    expect(await put('b', 'content')).toMatchObject({ status: 200 });
    expect(files()).toEqual(['b']);
  });

  it.each<[string, string | undefined, Record<string, string>, string]>([
    ['to create only', undefined, { 'if-none-match': '*' }, 'done'],
    ['to create only', 'present', { 'if-none-match': '*' }, '412 PreconditionFailed'],
    ['to replace only', 'present', { 'if-match': `"${hash('md5', 'present', 'hex')}"` }, 'done'],
    [
      'to replace only',
      'other',
      { 'if-match': `"${hash('md5', 'present', 'hex')}"` },
      '412 PreconditionFailed',
    ],
    ['to replace only', undefined, { 'if-match': '*' }, '404 NoSuchKey'],
  ])('can be %s, if %s exists', async (_, present, headers, expected) => {
    if (present !== undefined) s3.write('a', present);
    const answer = await put('a', 'new', headers);
    expect(answer.status === 200 ? 'done' : errorOf(answer)).toBe(expected);
    expect(s3.content('a')).toBe(expected === 'done' ? 'new' : present);
  });

  it('with If-None-Match succeeds only once of several concurrent ones', async () => {
    const answers = await Promise.all(
      [...'abcdefgh'].map((content) => put('a', content, { 'if-none-match': '*' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
  });

  it('requires a key within S3’s limit', async () => {
    expect(errorOf(await put('a/'.repeat(512).concat('a'), ''))).toBe('400 KeyTooLongError');
  });
});

describe('An upload in parts', () => {
  const PART = 'x'.repeat(5 * 1024 * 1024);
  let s3: RunningS3;
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.stop());

  const create = async (key = 'big') => {
    const { body } = await s3.send('POST', `/samples/${key}?uploads=`, {
      headers: { 'content-type': 'text/plain' },
    });
    return /<UploadId>(.*)<\/UploadId>/.exec(body)?.[1] ?? '';
  };
  const putPart = async (uploadId: string, number: number | string, body: string) =>
    s3.send('PUT', `/samples/big?partNumber=${number}&uploadId=${uploadId}`, { body });
  const complete = (uploadId: string, parts: [number: number, content: string][], key = 'big') => {
    const listed = parts.map(
      ([number, content]) =>
        `<Part><ETag>&quot;${hash('md5', content, 'hex')}&quot;</ETag><PartNumber>${number}</PartNumber></Part>`,
    );
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`;
    return s3.send('POST', `/samples/${key}?uploadId=${uploadId}`, { body });
  };
  const files = () => readdirSync(s3.bucket.directory);

  it('becomes one object when it is completed, with one notification', async () => {
    const uploadId = await create();
    expect(await putPart(uploadId, 2, 'end')).toMatchObject({
      status: 200,
      headers: { etag: `"${hash('md5', 'end', 'hex')}"` },
    });
    await putPart(uploadId, 1, 'replaced');
    await putPart(uploadId, 1, PART);
    expect(files()).toEqual([]);
    const answer = await complete(uploadId, [
      [1, PART],
      [2, 'end'],
    ]);
    const eTag = hash('md5', `${PART}end`, 'hex');
    expect(answer).toMatchObject({
      status: 200,
      body: expect.stringContaining(`<ETag>&quot;${eTag}&quot;</ETag>`),
    });
    expect(s3.content('big')).toBe(`${PART}end`);
    expect(s3.created).toMatchObject([{ how: 'CompleteMultipartUpload', object: { key: 'big', eTag } }]);
    expect((await s3.send('HEAD', '/samples/big')).headers['content-type']).toBe('text/plain');
    expect(errorOf(await putPart(uploadId, 3, 'late'))).toBe('404 NoSuchUpload');
    expect(files()).toEqual(['big']);
  });

  it('can be aborted', async () => {
    const uploadId = await create();
    await putPart(uploadId, 1, 'part');
    expect(await s3.send('DELETE', `/samples/big?uploadId=${uploadId}`)).toMatchObject({ status: 204 });
    expect(errorOf(await complete(uploadId, [[1, 'part']]))).toBe('404 NoSuchUpload');
    expect(files()).toEqual([]);
  });

  it.each<[string, [number, string][], string]>([
    ['no parts', [], '400 MalformedXML'],
    ['a part that was not sent', [[3, 'part']], '400 InvalidPart'],
    ['a part with another content', [[1, 'other']], '400 InvalidPart'],
    [
      'parts in another order',
      [
        [2, 'last'],
        [1, 'part'],
      ],
      '400 InvalidPartOrder',
    ],
    [
      'small parts before the last',
      [
        [1, 'part'],
        [2, 'last'],
      ],
      '400 EntityTooSmall',
    ],
  ])('with %s is refused', async (_, parts, error) => {
    const uploadId = await create();
    await putPart(uploadId, 1, 'part');
    await putPart(uploadId, 2, 'last');
    expect(errorOf(await complete(uploadId, parts))).toBe(error);
    expect(files()).toEqual([]);
    expect(s3.created).toEqual([]);
  });

  it.each(['0', '10001', 'x', ''])('has no part %j', async (number) => {
    expect(errorOf(await putPart(await create(), number, ''))).toBe('400 InvalidArgument');
  });

  it('belongs to its key, which must be possible as a file', async () => {
    const uploadId = await create();
    expect(errorOf(await complete(uploadId, [[1, '']], 'other'))).toBe('404 NoSuchUpload');
    expect(errorOf(await s3.send('POST', '/samples/../big?uploads='))).toBe('400 InvalidRequest');
  });
});
