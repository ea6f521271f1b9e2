import { encodeKey } from '../../../local/s3/object-key';
import { errorOf, type RunningS3, startS3 } from './running-s3';

describe('ListObjectsV2', () => {
  let s3: RunningS3;
  beforeAll(async () => {
    s3 = await startS3();
    for (const key of ['b.hl7', 'a/1', 'a/2', 'a/b/3', 'c<&> d', 'a.hl7', 'ä', '😀', 'ﬀ', '.hidden'])
      s3.write(key, key);
  });
  afterAll(() => s3.stop());

  /** In the order of their bytes. The last one is outside 16 bits. */
  const KEYS = ['a.hl7', 'a/1', 'a/2', 'a/b/3', 'b.hl7', 'c<&> d', 'ä', 'ﬀ', '😀'];
  const readable = (text: string) => text.replace('&lt;', '<').replace('&gt;', '>').replace('&amp;', '&');

  async function list(query = '') {
    const { body } = await s3.send('GET', `/samples?list-type=2&${query}`);
    const all = (pattern: RegExp) => [...body.matchAll(pattern)].map(([, one]) => readable(one ?? ''));
    return {
      body,
      keys: all(/<Key>(.*?)<\/Key>/g),
      prefixes: all(/<CommonPrefixes><Prefix>(.*?)<\/Prefix>/g),
      count: Number(all(/<KeyCount>(.*?)<\/KeyCount>/g)[0]),
      token: all(/<NextContinuationToken>(.*?)<\/NextContinuationToken>/g)[0],
      isTruncated: all(/<IsTruncated>(.*?)<\/IsTruncated>/g)[0] === 'true',
    };
  }

  it('lists the keys in the order of their bytes', async () => {
    expect(await list()).toMatchObject({ keys: KEYS, prefixes: [], count: 9, isTruncated: false });
  });

  it('returns for each object what HEAD returns', async () => {
    const { headers } = await s3.send('HEAD', '/samples/b.hl7');
    const { body } = await list('prefix=b');
    const eTag = headers.etag?.replaceAll('"', '&quot;');
    expect(body).toContain(
      `<ETag>${eTag}</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
    expect(body).toMatch(/<LastModified>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z<\/LastModified>/);
  });

  it.each<[string, string[], string[]]>([
    ['prefix=a/', ['a/1', 'a/2', 'a/b/3'], []],
    ['prefix=a%2F&delimiter=%2F', ['a/1', 'a/2'], ['a/b/']],
    ['delimiter=/', ['a.hl7', 'b.hl7', 'c<&> d', 'ä', 'ﬀ', '😀'], ['a/']],
    ['delimiter=.hl7', ['a/1', 'a/2', 'a/b/3', 'c<&> d', 'ä', 'ﬀ', '😀'], ['a.hl7', 'b.hl7']],
    ['prefix=none', [], []],
    ['start-after=b.hl7', KEYS.slice(5), []],
    ['start-after=a/', KEYS.slice(1), []],
    ['max-keys=0', [], []],
  ])('lists by %s', async (query, keys, prefixes) => {
    expect(await list(query)).toMatchObject({
      ...{ keys, prefixes },
      count: keys.length + prefixes.length,
      isTruncated: false,
    });
  });

  it.each(['', 'delimiter=/'])('goes on where a page ended, with %j', async (query) => {
    const whole = await list(query);
    for (const size of [1, 2, 3]) {
      const keys: string[] = [];
      const prefixes: string[] = [];
      let token: string | undefined;
      do {
        const page = await list(`${query}&max-keys=${size}${token ? `&continuation-token=${token}` : ''}`);
        expect(page.count).toBeLessThanOrEqual(size);
        expect(page.isTruncated).toBe(page.token !== undefined);
        keys.push(...page.keys);
        prefixes.push(...page.prefixes);
        token = page.token;
      } while (token);
      expect({ keys, prefixes }).toEqual({ keys: whole.keys, prefixes: whole.prefixes });
    }
  });

  it('returns at most a thousand keys', async () => {
    const many = await startS3();
    for (let n = 0; n < 1001; n += 1) many.write(`${n}`, '');
    const { body } = await many.send('GET', '/samples?list-type=2&max-keys=5000');
    expect(body).toContain('<MaxKeys>1000</MaxKeys><KeyCount>1000</KeyCount><IsTruncated>true</IsTruncated>');
    await many.stop();
  });

  it('encodes keys if requested', async () => {
    const { keys } = await list('encoding-type=url&prefix=c');
    expect(keys).toEqual(['c%3C%26%3E+d']);
    expect(encodeKey("a/b c+d*~(')é")).toBe('a/b+c%2Bd*%7E%28%27%29%C3%A9');
  });

  it.each(['max-keys=x', 'max-keys=-1', 'encoding-type=xml', 'continuation-token=x'])(
    'refuses %s',
    async (query) => {
      expect(errorOf(await s3.send('GET', `/samples?list-type=2&${query}`))).toBe('400 InvalidArgument');
    },
  );
});
