/** A function signs the policy of an upload form, and a page or a program sends the form. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../../local/clock';
import { Access } from '../../../local/iam/access';
import { guardedServices } from '../../../local/iam/guarded-service';
import type { Credentials } from '../../../local/iam/identities';
import { formAuthorizer, PROTOCOLS } from '../../../local/iam/protocols';
import { silentLog } from '../../../local/log';
import { BucketCors } from '../../../local/s3/bucket-cors';
import { BucketFolder } from '../../../local/s3/bucket-folder';
import { BucketForms } from '../../../local/s3/bucket-forms';
import type { Created } from '../../../local/s3/object-requests';
import { S3Service } from '../../../local/s3/s3-service';
import { accessApp, allow, FUNCTION } from '../iam/access-app';

const PAGE = 'http://localhost:5173';
const NOW = Date.now();
const PERSON: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

type Condition = Record<string, string> | (string | number)[];

interface Form {
  fields?: Record<string, string>;
  conditions?: Condition[];
  expiration?: string;
  /** Sent, but not in the policy. */
  extra?: Record<string, string>;
  credentials?: Credentials;
  file?: string;
  fileName?: string;
}

describe('A presigned POST', () => {
  const folder = mkdtempSync(join(tmpdir(), 'posts-'));
  const created: Created[] = [];
  const { buckets, ...app } = accessApp([allow('s3:PutObject', 'arn:aws:s3:::files/in/*')]);
  const rule = { allowedOrigins: ['*'], allowedMethods: ['POST'], allowedHeaders: ['*'], exposedHeaders: [] };
  const access = new Access({
    ...{ app: { ...app, buckets }, log: silentLog, nameOf: () => 'fn', clock: new ManualClock() },
  });
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const service = new S3Service({
      ...{
        buckets: [await BucketFolder.open('files', folder)],
        region: 'us-east-1',
        accountId: '000000000000',
      },
      ...{ log: silentLog, now: () => NOW, authorizeForm: formAuthorizer(access) },
      onCreated: (one) => created.push(one),
    });
    const { s3 = service } = guardedServices(access, PROTOCOLS, { s3: service });
    const cors = new BucketCors(
      buckets.map((bucket) => ({ ...bucket, corsRules: [rule] })),
      s3,
      silentLog,
    );
    const forms = new BucketForms(buckets, s3);
    server = createServer((request, response) => {
      if (!cors.handle(request, response) && !forms.handle(request, response)) response.writeHead(418).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => created.splice(0));

  const functions = () => access.credentialsOf(FUNCTION);

  /** As createPresignedPost makes it: a condition for each field, in addition to the given ones. */
  function signed({ fields = {}, conditions = [], expiration, credentials = functions() }: Form) {
    const timestamp = `${new Date(NOW).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const scope = [timestamp.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
    const all: Record<string, string> = {
      ...fields,
      bucket: 'files',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': [credentials.accessKeyId, ...scope].join('/'),
      'X-Amz-Date': timestamp,
      ...(credentials.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': credentials.sessionToken }),
    };
    const named = new Set(conditions.map((one) => (Array.isArray(one) ? one[1] : '')));
    const policy = Buffer.from(
      JSON.stringify({
        expiration: expiration ?? new Date(NOW + 60_000).toISOString(),
        conditions: [
          ...conditions,
          ...Object.entries(all).flatMap(([name, value]) =>
            named.has(`$${name}`) ? [] : [{ [name]: value }],
          ),
        ],
      }),
    ).toString('base64');
    let key: string | Buffer = `AWS4${credentials.secretAccessKey}`;
    for (const part of scope) key = createHmac('sha256', key).update(part).digest();
    return {
      ...all,
      Policy: policy,
      'X-Amz-Signature': createHmac('sha256', key).update(policy).digest('hex'),
    };
  }

  async function send(fields: Record<string, string>, { file = 'content', fileName = 'a.txt' }: Form = {}) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append('file', new Blob([file]), fileName);
    return fetch(url, { method: 'POST', body, headers: { origin: PAGE }, redirect: 'manual' });
  }

  const post = (form: Form) => send({ ...signed(form), ...form.extra }, form);

  async function refusal(answer: Response): Promise<string> {
    const text = await answer.text();
    const [, code] = /<Code>(.*?)<\/Code>/.exec(text) ?? [];
    const [, message = ''] = /<Message>(.*?)<\/Message>/.exec(text) ?? [];
    return `${answer.status} ${code}: ${message.replaceAll('&quot;', '"')}`;
  }

  it('stores the file, and answers 204 by default', async () => {
    const answer = await post({ fields: { key: 'in/a.txt' } });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('etag')).toBe('"9a0364b9e99bb480dd25e1f0284c8555"');
    expect(readFileSync(join(folder, 'in/a.txt'), 'utf8')).toBe('content');
  });

  it('lets the page read the response, as CORS of the bucket says', async () => {
    const answer = await post({ fields: { key: 'in/a.txt' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('answers a preflight', async () => {
    const headers = { origin: PAGE, 'access-control-request-method': 'POST' };
    expect((await fetch(url, { method: 'OPTIONS', headers })).status).toBe(200);
  });

  it('notifies of ObjectCreated:Post', async () => {
    await post({ fields: { key: 'in/a.txt' } });
    expect(created.map(({ how, object }) => [how, object.key])).toEqual([['Post', 'in/a.txt']]);
  });

  it('can be signed by people', async () => {
    expect((await post({ fields: { key: 'other/a.txt' }, credentials: PERSON })).status).toBe(204);
  });

  it('replaces the variable filename by the name of the file', async () => {
    const fields = { key: `in/\${filename}` };
    const answer = await post({
      fields,
      conditions: [['starts-with', '$key', 'in/']],
      fileName: 'C:\\x\\b.txt',
    });
    expect(answer.status).toBe(204);
    expect(existsSync(join(folder, 'in/b.txt'))).toBe(true);
  });

  it('keeps the content type and the metadata', async () => {
    await post({ fields: { key: 'in/c', 'Content-Type': 'text/csv', 'x-amz-meta-name': 'Zoë' } });
    expect(created[0]?.object.headers).toEqual({
      'content-type': 'text/csv',
      'x-amz-meta-name': '=?UTF-8?B?Wm/Dqw==?=',
    });
  });

  it('answers 201 with a document', async () => {
    const answer = await post({ fields: { key: 'in/a b.txt', success_action_status: '201' } });
    expect(answer.status).toBe(201);
    expect(await answer.text()).toContain(
      `<PostResponse><Location>${url}/in/a%20b.txt</Location><Bucket>files</Bucket><Key>in/a b.txt</Key><ETag>`,
    );
  });

  it('answers 200 if the form asks for it', async () => {
    expect((await post({ fields: { key: 'in/a', success_action_status: '200' } })).status).toBe(200);
  });

  it('redirects the browser', async () => {
    const answer = await post({ fields: { key: 'in/a', success_action_redirect: `${PAGE}/done?x=1` } });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(
      `${PAGE}/done?x=1&bucket=files&key=in%2Fa&etag=%229a0364b9e99bb480dd25e1f0284c8555%22`,
    );
  });

  it('may have fields that the policy ignores', async () => {
    expect((await post({ fields: { key: 'in/a' }, extra: { 'x-ignore-me': '1' } })).status).toBe(204);
  });

  it.each<[string, Form, string]>([
    [
      'has expired',
      { expiration: '2020-01-01T00:00:00Z' },
      '403 AccessDenied: Invalid according to Policy: Policy expired.',
    ],
    [
      'has a field without a condition',
      { extra: { 'x-amz-meta-a': '1' } },
      '403 AccessDenied: Invalid according to Policy: Extra input fields: x-amz-meta-a',
    ],
    [
      'has another value than the policy',
      { extra: { key: 'in/other' } },
      '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["eq", "$key", "in/no"]',
    ],
    [
      'lacks the prefix',
      { conditions: [['starts-with', '$key', 'out/']] },
      '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "out/"]',
    ],
    [
      'lacks a field of the policy',
      { conditions: [['starts-with', '$Content-Type', '']] },
      '403 AccessDenied: Invalid according to Policy: Policy Condition failed: ["starts-with", "$Content-Type", ""]',
    ],
    [
      'has too large a file',
      { conditions: [['content-length-range', 0, 6]] },
      '400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size',
    ],
    [
      'has too small a file',
      { conditions: [['content-length-range', 8, 9]] },
      '400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size',
    ],
    [
      'has another signature',
      { extra: { 'X-Amz-Signature': '0'.repeat(64) } },
      '403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    ],
    [
      'has an unknown key',
      { credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } },
      '403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.',
    ],
    [
      'is too long before the file',
      { fields: { key: 'in/no', 'x-amz-meta-a': 'a'.repeat(21_000) } },
      '400 MaxPostPreDataLengthExceeded: Your POST request fields preceding the upload file were too large.',
    ],
    [
      'has an unknown kind of condition',
      { conditions: [['ends-with', '$key', 'x']] },
      '400 InvalidPolicyDocument: Invalid Policy',
    ],
  ])('is refused if it %s', async (_, form, expected) => {
    expect(await refusal(await post({ fields: { key: 'in/no' }, ...form }))).toContain(expected);
    expect(existsSync(join(folder, 'in/no'))).toBe(false);
    expect(created).toEqual([]);
  });

  it('allows only what the function itself may do', async () => {
    expect(await refusal(await post({ fields: { key: 'out/a' } }))).toMatch(
      /^403 AccessDenied: .*not authorized to perform: s3:PutObject on resource/,
    );
  });

  it('is refused without a policy', async () => {
    expect(await refusal(await send({ key: 'in/no' }))).toBe('403 AccessDenied: Access Denied');
  });

  it.each(['key', 'X-Amz-Signature'])('is refused without the field %s', async (name) => {
    const { [name]: _, ...fields } = signed({ fields: { key: 'in/no' } }) as Record<string, string>;
    expect(await refusal(await send(fields))).toContain(`Bucket POST must contain a field named '${name}'`);
  });

  it('is refused without a file', async () => {
    const body = new FormData();
    body.append('key', 'in/no');
    const answer = await fetch(url, { method: 'POST', body });
    expect(await refusal(answer)).toBe(
      '400 InvalidArgument: POST requires exactly one file upload per request.',
    );
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=x'])(
    'is refused if its body is no form, as %s',
    async (type) => {
      const answer = await fetch(url, { method: 'POST', body: 'nothing', headers: { 'content-type': type } });
      expect((await refusal(answer)).slice(0, 25)).toBe('400 MalformedPOSTRequest:');
    },
  );

  it('stores nothing if the file ends early', async () => {
    const fields = Object.entries(signed({ fields: { key: 'in/no' } }))
      .map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('');
    const body = `${fields}--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\npart`;
    const answer = await fetch(url, {
      ...{ method: 'POST', body, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    });
    expect((await refusal(answer)).slice(0, 25)).toBe('400 MalformedPOSTRequest:');
    expect(existsSync(join(folder, 'in/no'))).toBe(false);
  });

  it('answers although it does not read a large file', async () => {
    const form: Form = { fields: { key: 'in/no' }, expiration: '2020-01-01T00:00:00Z' };
    const answer = await post({ ...form, file: 'a'.repeat(2_000_000) });
    expect(await refusal(answer)).toContain('Policy expired.');
  });

  it('leaves forms to other paths alone', async () => {
    const answer = await fetch(url.replace('/files', '/page'), { method: 'POST', body: new FormData() });
    expect(answer.status).toBe(418);
  });
});
