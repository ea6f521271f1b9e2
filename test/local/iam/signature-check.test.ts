import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { type Credentials, Identities } from '../../../local/iam/identities';
import { SignatureCheck } from '../../../local/iam/signature-check';
import { SignatureFault } from '../../../local/iam/signature-fault';
import type { RequestHead } from '../../../local/iam/signed-request';

const REGION = 'us-east-1';
const NOW = Date.UTC(2026, 0, 31, 10, 15);
const HOST = 'localhost:3001';
const { sha256 } = new ApiGatewayManagementApiClient({ region: REGION }).config;

const identities = new Identities();
const ofFunction = identities.credentialsOf({ functionName: 'fn', roleArn: 'arn:aws:iam::1:role/R' });
const PERSON: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

function checkAt(millis = NOW): SignatureCheck {
  return new SignatureCheck({ identities, region: () => REGION, times: () => [millis] });
}

interface Sent {
  method?: string;
  path?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  body?: string;
}

interface How {
  service?: string;
  region?: string;
  credentials?: Credentials;
  at?: number;
}

/** Signed by AWS's own signer. */
async function signed(sent: Sent, how: How = {}): Promise<RequestHead> {
  const { request, query } = prepared(sent);
  const { headers } = await signer(how).sign(request, { signingDate: new Date(how.at ?? NOW) });
  return head(sent, query, headers);
}

async function presigned(sent: Sent, expiresIn: number, how: How = {}): Promise<RequestHead> {
  const { request } = prepared(sent);
  const made = await signer(how).presign(request, { signingDate: new Date(how.at ?? NOW), expiresIn });
  return head(sent, text(made.query ?? {}), made.headers);
}

function signer({ service = 'dynamodb', region = REGION, credentials = PERSON }: How): SignatureV4 {
  return new SignatureV4({ service, region, credentials, sha256, uriEscapePath: service !== 's3' });
}

function prepared({ method = 'POST', path = '/', query = {}, headers = {}, body }: Sent) {
  const request = {
    ...{ method, path, query, protocol: 'https:', hostname: HOST, body },
    headers: { host: HOST, ...headers },
  };
  return { request, query: text(query) };
}

function head(
  { method = 'POST', path = '/' }: Sent,
  query: string,
  headers: Record<string, string>,
): RequestHead {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method,
    url: query === '' ? path : `${path}?${query}`,
    headers: lower,
    rawHeaders: Object.entries(headers).flat(),
  };
}

function text(query: Record<string, string | string[] | null>): string {
  return Object.entries(query)
    .flatMap(([name, values]) => [values ?? ''].flat().map((value) => `${encoded(name)}=${encoded(value)}`))
    .join('&');
}

function encoded(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function faultOf(verify: () => unknown): SignatureFault | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (error instanceof SignatureFault) return error;
    throw error;
  }
}

describe('SignatureCheck', () => {
  // AWS's signer omits a parameter named __proto__ from what it signs, so AWS refuses such a request, too.
  const words = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((word) => !/^\.{1,2}$/.test(word) && word !== '__proto__');

  it("accepts what AWS's own signer signs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'GET', 'DELETE'),
        fc.array(words.map(encoded), { maxLength: 3 }),
        fc.dictionary(words, fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })), {
          maxKeys: 3,
        }),
        fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
        fc.constantFrom('dynamodb', 'execute-api', 's3', 'sqs'),
        fc.constantFrom(PERSON, ofFunction),
        async (method, segments, query, body, service, credentials) => {
          const sent = { method, path: `/${segments.join('/')}`, query, ...(body !== undefined && { body }) };
          const request = await signed(sent, { service, credentials });
          const seen = service === 's3' ? undefined : Buffer.from(body ?? '');
          expect(checkAt().verify(request, service, seen).credentials).toEqual(credentials);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('accepts presigned URLs until they expire', async () => {
    const sent = { method: 'GET', path: '/stage', query: { room: 'a b', q: '*' } };
    const request = await presigned(sent, 60, { service: 'execute-api', credentials: ofFunction });
    const verify = (at: number) => () => checkAt(at).verify(request, 'execute-api', Buffer.alloc(0));
    expect(verify(NOW + 59_000)()).toMatchObject({ kind: 'function', functionName: 'fn' });
    expect(faultOf(verify(NOW + 61_000))?.kind).toBe('expired');
  });

  it('accepts presigned URLs of objects, whatever is put there', async () => {
    const sent = {
      method: 'PUT',
      path: '/bucket/a%20key',
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    };
    const request = await presigned(sent, 60, { service: 's3' });
    expect(checkAt().verify(request, 's3', undefined).kind).toBe('person');
  });

  it('accepts an object with an unsigned payload', async () => {
    const sent = {
      method: 'PUT',
      path: '/b/k',
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      body: 'x',
    };
    const request = await signed(sent, { service: 's3' });
    expect(checkAt().verify(request, 's3', undefined).kind).toBe('person');
  });

  it.each<[string, (request: RequestHead) => RequestHead, Buffer?]>([
    ['another body', (request) => request, Buffer.from('{"a":2}')],
    ['another method', (request) => ({ ...request, method: 'PUT' })],
    ['another path', (request) => ({ ...request, url: '/other' })],
    ['another query', (request) => ({ ...request, url: '/?a=1' })],
    [
      'another signed header',
      (request) => ({
        ...request,
        rawHeaders: request.rawHeaders.map((one) =>
          one === 'DynamoDB.PutItem' ? 'DynamoDB.DeleteItem' : one,
        ),
      }),
    ],
  ])('refuses %s than was signed', async (_, change, body = Buffer.from('{"a":1}')) => {
    const request = await signed({ body: '{"a":1}', headers: { 'x-amz-target': 'DynamoDB.PutItem' } });
    expect(checkAt().verify(request, 'dynamodb', Buffer.from('{"a":1}')).kind).toBe('person');
    expect(faultOf(() => checkAt().verify(change(request), 'dynamodb', body))?.kind).toBe('mismatch');
  });

  it.each<[string, How, string, string]>([
    [
      'an unknown key',
      { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'local' } },
      'unknown key',
      'security token',
    ],
    [
      'another secret',
      { credentials: { ...PERSON, secretAccessKey: 'other' } },
      'mismatch',
      'does not match',
    ],
    [
      'a token that a person has not',
      { credentials: { ...PERSON, sessionToken: 't' } },
      'wrong token',
      'invalid',
    ],
    [
      'no token of a function',
      { credentials: { ...ofFunction, sessionToken: undefined as never } },
      'wrong token',
      'invalid',
    ],
    ['another service', { service: 'sqs' }, 'wrong scope', "scoped to correct service: 'dynamodb'"],
    [
      'another region for a function',
      { credentials: ofFunction, region: 'eu-west-1' },
      'wrong scope',
      "'eu-west-1'",
    ],
    [
      'a clock that is late',
      { at: NOW - 301_000 },
      'skewed',
      'Signature expired: 20260131T100959Z is now earlier than 20260131T101000Z (20260131T101500Z - 5 min.)',
    ],
    ['a clock that is early', { at: NOW + 301_000 }, 'skewed', 'Signature not yet current'],
  ])('refuses %s', async (_, how, kind, words) => {
    const request = await signed({ body: '{}' }, how);
    const fault = faultOf(() => checkAt().verify(request, 'dynamodb', Buffer.from('{}')));
    expect(fault).toMatchObject({ kind, message: expect.stringContaining(words) });
  });

  it("explains how to run the app in the region of a function's client", async () => {
    const request = await signed({ body: '{}' }, { credentials: ofFunction, region: 'eu-west-1' });
    const fault = faultOf(() => checkAt().verify(request, 'dynamodb', Buffer.from('{}')));
    expect(fault?.remedy).toBe(
      'The client in fn is for eu-west-1, but the app runs in us-east-1. Start with --region eu-west-1, or let the client use AWS_REGION.',
    );
  });

  it('uses the time of the runtime’s clock if it was advanced', async () => {
    const turned = new SignatureCheck({
      identities,
      region: () => REGION,
      times: () => [NOW, NOW + 3_600_000],
    });
    const verify = async (at: number) =>
      turned.verify(await signed({ body: '{}' }, { at }), 'dynamodb', Buffer.from('{}'));
    expect((await verify(NOW)).kind).toBe('person');
    expect((await verify(NOW + 3_600_000)).kind).toBe('person');
    await expect(verify(NOW + 1_800_000)).rejects.toThrow('Signature not yet current');
  });

  it('tolerates a clock difference of a quarter of an hour for S3', async () => {
    const request = await signed({ method: 'GET', path: '/b/k' }, { service: 's3', at: NOW - 14 * 60_000 });
    expect(checkAt().verify(request, 's3', undefined).kind).toBe('person');
    expect(faultOf(() => checkAt(NOW + 2 * 60_000).verify(request, 's3', undefined))?.kind).toBe('skewed');
  });

  it('accepts any region from people', async () => {
    const request = await signed({ body: '{}' }, { region: 'eu-west-1' });
    expect(checkAt().verify(request, 'dynamodb', Buffer.from('{}')).kind).toBe('person');
  });

  it.each<[string, Record<string, string>, string]>([
    ['no signature', {}, 'missing'],
    ['another algorithm', { authorization: 'Basic bG9jYWw6bG9jYWw=' }, 'missing'],
    ['half a signature', { authorization: 'AWS4-HMAC-SHA256 Credential=local' }, 'incomplete'],
    [
      'no date',
      {
        authorization: `AWS4-HMAC-SHA256 Credential=local/20260131/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
      },
      'incomplete',
    ],
  ])('refuses %s', (_, headers, kind) => {
    const request = head({}, '', { host: HOST, ...headers });
    expect(faultOf(() => checkAt().verify(request, 'dynamodb', Buffer.alloc(0)))?.kind).toBe(kind);
  });
});

describe('Identities', () => {
  it('have different credentials for each function and each role', () => {
    const keys = [
      ['fn', 'arn:aws:iam::1:role/R'],
      ['fn', 'arn:aws:iam::1:role/S'],
      ['other', 'arn:aws:iam::1:role/R'],
    ].map(([functionName = '', roleArn = '']) => identities.credentialsOf({ functionName, roleArn }));
    expect(new Set(keys.map(({ accessKeyId }) => accessKeyId)).size).toBe(3);
    expect(new Set(keys.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(3);
    expect(keys[0]).toEqual(ofFunction);
  });

  it('create temporary credentials, different in every run', () => {
    expect(ofFunction).toMatchObject({
      accessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
      secretAccessKey: expect.stringMatching(/^.{40}$/),
      sessionToken: expect.stringMatching(/^.{100,}$/),
    });
    const again = new Identities().credentialsOf({ functionName: 'fn', roleArn: 'arn:aws:iam::1:role/R' });
    expect(again).not.toEqual(ofFunction);
  });
});
