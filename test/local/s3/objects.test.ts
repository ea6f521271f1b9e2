import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorOf, type RunningS3, startS3 } from './running-s3';

const hash = (algorithm: string, content: string) => createHash(algorithm).update(content).digest('hex');

describe('The S3 service', () => {
  let s3: RunningS3;
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.stop());

  describe('reads an object', () => {
    it('with its length, its MD5 as ETag, and the hash of its content as version', async () => {
      s3.write('ward 1/a.hl7', 'MSH|');
      const { status, headers, body } = await s3.send('GET', '/samples/ward%201/a.hl7');
      expect({ status, body }).toEqual({ status: 200, body: 'MSH|' });
      expect(headers).toMatchObject({
        'accept-ranges': 'bytes',
        'content-length': '4',
        'content-type': 'binary/octet-stream',
        etag: `"${hash('md5', 'MSH|')}"`,
        'x-amz-version-id': hash('sha256', 'MSH|'),
        'x-amz-request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
        'last-modified': expect.stringMatching(/ GMT$/),
      });
    });

    it('with a plus in the path as a space, as in the keys of events', async () => {
      s3.write('a b', 'space');
      s3.write('a+b', 'plus');
      expect((await s3.send('GET', '/samples/a+b')).body).toBe('space');
      expect((await s3.send('GET', '/samples/a%2Bb')).body).toBe('plus');
    });

    it('with its current content', async () => {
      s3.write('a', 'one');
      await s3.send('GET', '/samples/a');
      s3.write('a', 'two');
      const { headers, body } = await s3.send('GET', '/samples/a');
      expect([body, headers.etag]).toEqual(['two', `"${hash('md5', 'two')}"`]);
    });

    it('without its content on HEAD', async () => {
      s3.write('a', 'content');
      const { status, headers, body } = await s3.send('HEAD', '/samples/a');
      expect({ status, length: headers['content-length'], body }).toEqual({
        status: 200,
        length: '7',
        body: '',
      });
    });

    it('that is empty', async () => {
      s3.write('a', '');
      expect(await s3.send('GET', '/samples/a')).toMatchObject({ status: 200, body: '' });
    });

    it('with the current version, and no other', async () => {
      s3.write('a', 'content');
      const version = hash('sha256', 'content');
      expect(await s3.send('GET', `/samples/a?versionId=${version}`)).toMatchObject({ status: 200 });
      expect(errorOf(await s3.send('GET', '/samples/a?versionId=other'))).toBe('404 NoSuchVersion');
    });

    it('with other headers if requested', async () => {
      s3.write('a', '');
      const path = '/samples/a?response-content-type=text%2Fplain&response-cache-control=a%0Ab';
      const { headers } = await s3.send('GET', path);
      expect(headers['content-type']).toBe('text/plain');
      expect(headers).not.toHaveProperty('cache-control');
    });

    it('with headers that prevent it from running as a page of this origin', async () => {
      await s3.send('PUT', '/samples/a', { headers: { 'content-type': 'text/html' }, body: '<script>' });
      expect((await s3.send('GET', '/samples/a')).headers).toMatchObject({
        'content-security-policy': 'sandbox',
        'x-content-type-options': 'nosniff',
      });
    });

    it.each([
      ['bytes=0-0', 206, 'a', 'bytes 0-0/6'],
      ['bytes=2-3', 206, 'cd', 'bytes 2-3/6'],
      ['bytes=4-', 206, 'ef', 'bytes 4-5/6'],
      ['bytes=4-99', 206, 'ef', 'bytes 4-5/6'],
      ['bytes=-2', 206, 'ef', 'bytes 4-5/6'],
      ['bytes=-99', 206, 'abcdef', 'bytes 0-5/6'],
      ['bytes=3-2', 200, 'abcdef', undefined],
      ['bytes=0-1,3-4', 200, 'abcdef', undefined],
      ['lines=0-1', 200, 'abcdef', undefined],
    ])('in the range %s', async (range, status, body, contentRange) => {
      s3.write('a', 'abcdef');
      const answer = await s3.send('GET', '/samples/a', { headers: { range } });
      expect(answer).toMatchObject({ status, body });
      expect(answer.headers['content-range']).toBe(contentRange);
      expect(answer.headers['content-length']).toBe(String(body.length));
    });

    it.each([
      ['abcdef', 'bytes=6-'],
      ['abcdef', 'bytes=-0'],
      ['', 'bytes=0-0'],
    ])('with the size %j and no bytes in the range %s', async (content, range) => {
      s3.write('a', content);
      const answer = await s3.send('GET', '/samples/a', { headers: { range } });
      expect(errorOf(answer)).toBe('416 InvalidRange');
      expect(answer.body).toContain(`<ActualObjectSize>${content.length}</ActualObjectSize>`);
    });

    const eTag = hash('md5', 'content');
    it.each([
      ['if-match', `"${eTag}"`, 200],
      ['if-match', eTag, 200],
      ['if-match', '"other"', 412],
      ['if-none-match', `"${eTag}"`, 304],
      ['if-none-match', `"other", W/"${eTag}"`, 304],
      ['if-none-match', '"other"', 200],
      ['if-none-match', '*', 304],
      ['if-modified-since', 'Thu, 01 Jan 2026 00:00:00 GMT', 304],
      ['if-modified-since', 'Wed, 31 Dec 2025 23:59:59 GMT', 200],
      ['if-unmodified-since', 'Thu, 01 Jan 2026 00:00:00 GMT', 200],
      ['if-unmodified-since', 'Wed, 31 Dec 2025 23:59:59 GMT', 412],
    ])('on the condition %s %s with %i', async (name, value, status) => {
      s3.write('a', 'content');
      utimesSync(join(s3.bucket.directory, 'a'), 0, Date.UTC(2026, 0, 1) / 1000);
      expect(await s3.send('GET', '/samples/a', { headers: { [name]: value } })).toMatchObject({ status });
    });

    it('only if it exists', async () => {
      const answer = await s3.send('GET', '/samples/no%20<one>');
      expect(errorOf(answer)).toBe('404 NoSuchKey');
      expect(answer.body).toContain('<Key>no &lt;one&gt;</Key>');
      expect(answer.headers['content-type']).toBe('application/xml');
      expect(await s3.send('HEAD', '/samples/none')).toMatchObject({ status: 404, body: '' });
    });
  });

  describe('accesses no other file', () => {
    beforeEach(() => {
      writeFileSync(join(s3.home, 'secret'), 'secret');
      s3.write('folder/a', 'visible');
      s3.write('.hidden', 'hidden');
      s3.write('folder/.hidden/a', 'hidden');
      symlinkSync(join(s3.home, 'secret'), join(s3.bucket.directory, 'link'));
      symlinkSync(s3.home, join(s3.bucket.directory, 'up'));
      symlinkSync(join(s3.bucket.directory, 'folder'), join(s3.bucket.directory, 'inside'));
    });

    it.each([
      '../secret',
      '%2e%2e/secret',
      'folder/../../secret',
      '..%2fsecret',
      '..%5csecret',
      '/etc/passwd',
      '%2Fetc/passwd',
      'link',
      'up/secret',
      'inside/a',
      '.hidden',
      'folder/.hidden/a',
      'folder',
      'folder/',
      'folder//a',
      './folder/a',
      'folder/a%00',
      'FOLDER/a',
    ])('for a key outside the objects: %s', async (path) => {
      expect(errorOf(await s3.send('GET', `/samples/${path}`))).toBe('404 NoSuchKey');
    });

    it('when it lists', async () => {
      const { body } = await s3.send('GET', '/samples?list-type=2');
      expect([...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)).toEqual(['folder/a']);
    });

    it('when it deletes', async () => {
      for (const path of ['../secret', 'link', 'up/secret', 'folder', '.hidden']) {
        expect(await s3.send('DELETE', `/samples/${path}`)).toMatchObject({ status: 204 });
      }
      expect(existsSync(join(s3.home, 'secret'))).toBe(true);
      expect(readdirSync(s3.bucket.directory).sort()).toEqual(['.hidden', 'folder', 'inside', 'link', 'up']);
    });

    it.each([
      '../new',
      'a/../../new',
      '%2e%2e%2fnew',
      '..%5cnew',
      '/new',
      'up/new',
      'inside/new',
      '.new',
      'new/',
      'a//b',
      'a%00',
      'folder',
      'folder/a/b',
    ])('to write at %s', async (path) => {
      const refused = await s3.send('PUT', `/samples/${path}`, { body: 'new' });
      expect(errorOf(refused)).toBe('400 InvalidRequest');
      expect(refused.body).toContain('A folder acts as this bucket');
      expect(readdirSync(s3.home).sort()).toEqual(['incoming', 'secret']);
      expect(readdirSync(join(s3.bucket.directory, 'folder')).sort()).toEqual(['.hidden', 'a']);
      expect(readdirSync(s3.bucket.directory).sort()).toEqual(['.hidden', 'folder', 'inside', 'link', 'up']);
    });

    it('to write through a symbolic link', async () => {
      expect(await s3.send('PUT', '/samples/link', { body: 'new' })).toMatchObject({ status: 200 });
      expect(s3.content('link')).toBe('new');
      expect(s3.content('../secret')).toBe('secret');
    });
  });

  describe('deletes an object', () => {
    it('that exists', async () => {
      s3.write('a', '');
      expect(await s3.send('DELETE', '/samples/a')).toMatchObject({ status: 204, body: '' });
      expect(s3.content('a')).toBeUndefined();
    });

    it('with the current version, and no other', async () => {
      s3.write('a', 'content');
      expect(errorOf(await s3.send('DELETE', '/samples/a?versionId=other'))).toBe('404 NoSuchVersion');
      expect(s3.content('a')).toBe('content');
      const path = `/samples/a?versionId=${hash('sha256', 'content')}`;
      expect(await s3.send('DELETE', path)).toMatchObject({ status: 204 });
      expect(s3.content('a')).toBeUndefined();
    });

    it('only if it is the version that the client expects', async () => {
      s3.write('a', 'content');
      const remove = (match: string) => s3.send('DELETE', '/samples/a', { headers: { 'if-match': match } });
      expect(errorOf(await remove('"other"'))).toBe('412 PreconditionFailed');
      expect(s3.content('a')).toBe('content');
      expect(await remove(`"${hash('md5', 'content')}"`)).toMatchObject({ status: 204 });
      expect(s3.content('a')).toBeUndefined();
    });

    it('that does not exist, without an error', async () => {
      expect(await s3.send('DELETE', '/samples/a')).toMatchObject({ status: 204, body: '' });
    });
  });

  it.each([
    ['/samples/a', '127.0.0.1'],
    ['/samples/a', 's3.eu-west-1.amazonaws.com'],
    ['/samples/a', 's3.amazonaws.com'],
    ['/samples/a', 's3.localhost:3001'],
    ['/a', 'samples.s3.eu-west-1.amazonaws.com'],
    ['/a', 'samples.s3.amazonaws.com:443'],
    ['/a', 'samples.s3.dualstack.eu-west-1.amazonaws.com'],
    ['/a', 'samples.s3.cn-north-1.amazonaws.com.cn'],
    ['/a', 'Samples.localhost:3001'],
    ['/a', 'samples.s3.localhost'],
  ])('finds the object at %s of %s', async (path, host) => {
    s3.write('a', 'content');
    expect(await s3.send('GET', path, { headers: { host } })).toMatchObject({ status: 200, body: 'content' });
  });

  it('lists the existing buckets if another one is requested', async () => {
    const answer = await s3.send('GET', '/other/a');
    expect(errorOf(answer)).toBe('404 NoSuchBucket');
    expect(answer.body).toContain(
      'Buckets on this machine: samples. To give a bucket of the app a folder, use --bucket NAME=DIR',
    );
  });

  it('lists, finds and locates its buckets', async () => {
    expect((await s3.send('GET', '/')).body).toContain('<Bucket><Name>samples</Name>');
    expect(await s3.send('HEAD', '/samples')).toMatchObject({
      status: 200,
      headers: { 'x-amz-bucket-region': 'eu-west-1' },
    });
    expect(await s3.send('HEAD', '/other')).toMatchObject({ status: 404 });
    expect((await s3.send('GET', '/samples?location')).body).toContain('>eu-west-1</LocationConstraint>');
  });

  it.each([
    ['GET', '/samples/a?acl'],
    ['PUT', '/samples/a?tagging'],
    ['POST', '/samples?delete'],
    ['GET', '/samples'],
    ['GET', '/samples?uploads'],
    ['PUT', '/other-bucket?policy'],
    ['PUT', '/samples'],
    ['POST', '/samples/a?restore'],
    ['PATCH', '/samples/a'],
    ['GET', '/samples/a?partNumber=1'],
  ])('reports unsupported operations: %s %s', async (method, path) => {
    const answer = await s3.send(method, path);
    expect(errorOf(answer)).toBe('501 NotImplemented');
    expect(answer.body).toContain('GET, HEAD, PUT and DELETE of an object');
  });

  it.each([
    ['POST', '/', '405 MethodNotAllowed'],
    ['PATCH', '/samples', '405 MethodNotAllowed'],
    ['GET', '/samples/%zz', '400 InvalidURI'],
  ])('refuses %s %s', async (method, path, error) => {
    expect(errorOf(await s3.send(method, path))).toBe(error);
  });

  it('continues after a file that cannot belong to the bucket', async () => {
    mkdirSync(join(s3.bucket.directory, 'empty'));
    expect(errorOf(await s3.send('GET', '/samples/empty'))).toBe('404 NoSuchKey');
  });
});
