import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { type Credentials, percentEncoded, Signer, sha256 } from '../../../lib/management-api/signature';

const CONTENT_TYPE = 'application/octet-stream';
/**
 * One signer for each region, as the library has one for each stage, so that a cached key meets other days and
 * credentials.
 */
const SIGNERS = ['us-east-1', 'eu-west-1', 'cn-north-1', 'cn-northwest-1', 'us-gov-west-1'].map(
  (region) => new Signer(region),
);

const hosts = fc
  .tuple(fc.constantFrom(...SIGNERS), fc.constantFrom('api', 'own', 'port'))
  .map(([signer, kind]) => ({
    signer,
    host: {
      api: `abcdef1234.execute-api.${signer.region}.amazonaws.com${signer.region.startsWith('cn-') ? '.cn' : ''}`,
      own: 'ws.example.com',
      port: 'localhost:4566',
    }[kind],
  }));
const words = fc.string({ unit: 'grapheme', minLength: 1 }).filter((word) => !/^\.{1,2}$/.test(word));
const paths = fc
  .tuple(
    fc.array(words.map(percentEncoded), { maxLength: 3 }),
    fc.oneof(fc.base64String({ minLength: 4 }), fc.stringMatching(/^[A-Za-z0-9_-]{14}[AQgw]=$/), words),
  )
  .map(([stage, id]) => `${stage.map((word) => `/${word}`).join('')}/@connections/${percentEncoded(id)}`);
const bodies = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined });
const credentials: fc.Arbitrary<Credentials> = fc.record(
  {
    accessKeyId: fc.constantFrom('local', 'AKIDEXAMPLE', 'ASIDEXAMPLE'),
    secretAccessKey: fc.oneof(
      fc.constant('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
      fc.string({ minLength: 1 }),
    ),
    sessionToken: fc.base64String({ minLength: 4, maxLength: 1_000 }),
  },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const times = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });

/** Few values, so that consecutive requests often differ in only a few of them. */
const likeTheLast = {
  hosts: fc.constantFrom(
    ...['abcdef1234', 'ghijkl5678'].map((api) => `${api}.execute-api.eu-west-1.amazonaws.com`),
  ),
  bodies: fc.constantFrom(undefined, '', 'one', 'two'),
  credentials: fc.constantFrom<Credentials>(
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'one' },
    { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'one' },
    { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'two' },
    { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'two', sessionToken: 'token' },
    { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'two', sessionToken: 'next' },
  ),
  times: fc.constantFrom(
    ...['2026-11-30T23:59:59.000Z', '2026-11-30T23:59:59.999Z', '2026-12-01T00:00:00.000Z'].map(
      (time) => new Date(time),
    ),
  ),
};

describe('Signer', () => {
  const { sha256: Sha256 } = new ApiGatewayManagementApiClient({}).config;

  interface Asked {
    signer: Signer;
    host: string;
    method: string;
    path: string;
    body: string | undefined;
    credentials: Credentials;
    time: Date;
  }

  async function signsAsAwsDoes({
    signer,
    host,
    method,
    path,
    body,
    credentials,
    time,
  }: Asked): Promise<void> {
    const ours = signer.headers(
      {
        ...{ method, host, path, sha256: sha256(body ?? '') },
        contentType: body === undefined ? undefined : CONTENT_TYPE,
      },
      credentials,
      time.getTime(),
    );
    const theirs = await new SignatureV4({
      ...{ service: 'execute-api', region: signer.region, credentials, sha256: Sha256 },
    }).sign(
      {
        ...{ method, path, protocol: 'https:', hostname: host },
        headers: { host, ...(body !== undefined && { 'content-type': CONTENT_TYPE }) },
        body,
      },
      { signingDate: time },
    );
    expect(ours).toEqual(theirs.headers);
  }

  it("signs every request as AWS's own signer does", async () => {
    const methods = fc.constantFrom('POST', 'GET', 'DELETE');
    await fc.assert(
      fc.asyncProperty(
        hosts,
        methods,
        paths,
        bodies,
        credentials,
        times,
        ({ signer, host }, method, path, body, credentials, time) =>
          signsAsAwsDoes({ signer, host, method, path, body, credentials, time }),
      ),
      { numRuns: 1_000 },
    );
  });

  it('keeps nothing from the previous request that has changed', async () => {
    const signer = new Signer('eu-west-1');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'DELETE'),
        paths,
        likeTheLast.hosts,
        likeTheLast.bodies,
        likeTheLast.credentials,
        likeTheLast.times,
        (method, path, host, body, credentials, time) =>
          signsAsAwsDoes({ signer, host, method, path, body, credentials, time }),
      ),
      { numRuns: 300 },
    );
  });
});
