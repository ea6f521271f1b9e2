import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ManualClock } from '../../../local/clock';
import { Access } from '../../../local/iam/access';
import { guardedServices } from '../../../local/iam/guarded-service';
import { PROTOCOLS } from '../../../local/iam/protocols';
import { silentLog } from '../../../local/log';
import { accessApp, allow, FUNCTION, SESSION } from '../iam/access-app';
import { RunningServices } from '../running-services';
import { type RunningS3, startS3 } from './running-s3';

describe('A bucket that the caller may not list', () => {
  const access = new Access({
    app: accessApp(),
    log: silentLog,
    nameOf: (name) => name,
    clock: new ManualClock(),
  });
  let s3: RunningS3;
  let services: RunningServices;
  let client: S3Client;

  beforeAll(async () => {
    s3 = await startS3('files');
    s3.write('there', 'content');
    services = await RunningServices.start(guardedServices(access, PROTOCOLS, { s3: s3.service }));
    const credentials = access.credentialsOf(FUNCTION);
    client = new S3Client({ ...services.client, credentials, forcePathStyle: true });
  });
  afterAll(async () => {
    client.destroy();
    await services.close();
    await s3.stop();
  });

  const get = (Key: string) => client.send(new GetObjectCommand({ Bucket: 'files', Key }));

  it('returns existing objects', async () => {
    access.update(accessApp([allow('s3:GetObject', 'arn:aws:s3:::files/*')]));
    expect(await (await get('there')).Body?.transformToString()).toBe('content');
  });

  it('does not reveal missing objects', async () => {
    access.update(accessApp([allow('s3:GetObject', 'arn:aws:s3:::files/*')]));
    await expect(get('missing')).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
      message: `User: ${SESSION} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::files" because no identity-based policy allows the s3:ListBucket action`,
    });
    const head = client.send(new HeadObjectCommand({ Bucket: 'files', Key: 'missing' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  it('reveals them to callers that may list', async () => {
    access.update(
      accessApp([
        allow('s3:GetObject', 'arn:aws:s3:::files/*'),
        allow('s3:ListBucket', 'arn:aws:s3:::files'),
      ]),
    );
    await expect(get('missing')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});
