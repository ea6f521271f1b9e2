import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { type Credentials, percentEncoded, Signer, sha256 } from '../../../lib/management-api/signature';

const CONTENT_TYPE = 'application/octet-stream';
/** One for each region, as the library has one for each stage: so that a kept key meets other days and credentials. */
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

describe('Signer', () => {
  const { sha256: Sha256 } = new ApiGatewayManagementApiClient({}).config;

  it("signs whatever is asked for as AWS's own signer does", async () => {
    await fc.assert(
      fc.asyncProperty(
        hosts,
        fc.constantFrom('POST', 'GET', 'DELETE'),
        paths,
        bodies,
        credentials,
        times,
        async ({ signer, host }, method, path, body, credentials, time) => {
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
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
