import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readAssembly } from '../../local/assembly/read-assembly';
import { awsExports, bucketExports } from '../../local/cli/exports';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { chatTemplate, writeAssembly } from '../local/assembly/written-assembly';

jest.setTimeout(60_000);

const AWS = join(__dirname, '../../.cache/python/bin/aws');

/** The chat with a bucket that notifies its function. */
function appWithBucket() {
  const template = chatTemplate();
  Object.assign(template.Resources, {
    Files: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'files',
        NotificationConfiguration: {
          LambdaConfigurations: [
            { Event: 's3:ObjectCreated:*', Function: { 'Fn::GetAtt': ['Function', 'Arn'] } },
          ],
        },
      },
    },
    FilesPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        FunctionName: { Ref: 'Function' },
        SourceArn: 'arn:aws:s3:::files',
      },
    },
  });
  const outputs = { FilesBucket: { Value: { Ref: 'Files' } } };
  return readAssembly(writeAssembly({ Main: { ...template, Outputs: outputs } }));
}

describe('aws s3 against the local runtime', () => {
  const home = mkdtempSync(join(tmpdir(), 'aws-s3-'));
  const bucket = join(home, 'files');
  const path = (name: string) => join(home, name);
  let runtime: Runtime;
  let environment: NodeJS.ProcessEnv;
  let told: { eventName: string; key: string }[];

  beforeAll(async () => {
    const app = appWithBucket();
    runtime = await startRuntime({
      ...{ app, port: 0, log: silentLog, bucketDirectories: { files: bucket } },
      functionLog: {
        ...silentFunctionLog,
        start({ payload }) {
          const [{ eventName, s3 }] = JSON.parse(payload).Records;
          told.push({ eventName, key: s3.object.key });
        },
      },
    });
    environment = { PATH: process.env.PATH, ...awsExports(app, runtime), ...bucketExports(app, runtime) };
  });
  beforeEach(() => {
    told = [];
  });
  afterAll(async () => {
    await runtime.close();
    rmSync(home, { recursive: true });
  });

  const aws = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(AWS, args, { env: environment });
    return stdout;
  };

  it('knows the bucket from the exported variable', () => {
    expect(environment.FILES_BUCKET).toBe('files');
  });

  it('copies a file into the bucket, with one notification', async () => {
    writeFileSync(path('a ü.hl7'), 'MSH|');
    await aws('s3', 'cp', path('a ü.hl7'), 's3://files/in/');
    expect(readFileSync(join(bucket, 'in/a ü.hl7'), 'utf8')).toBe('MSH|');
    expect(told).toEqual([{ eventName: 'ObjectCreated:Put', key: 'in/a+%C3%BC.hl7' }]);
  });

  it('copies a file of 20 MB in parts, and back', async () => {
    const content = Buffer.alloc(20_000_000, 'x');
    writeFileSync(path('big.hl7'), content);
    await aws('s3', 'cp', path('big.hl7'), 's3://files/big.hl7');
    expect(readFileSync(join(bucket, 'big.hl7')).equals(content)).toBe(true);
    expect(told).toEqual([{ eventName: 'ObjectCreated:CompleteMultipartUpload', key: 'big.hl7' }]);
    await aws('s3', 'cp', 's3://files/big.hl7', path('back.hl7'));
    expect(readFileSync(path('back.hl7')).equals(content)).toBe(true);
  });

  it('lists objects', async () => {
    expect(await aws('s3', 'ls', 's3://files')).toMatch(/ PRE in\/\n.* 20000000 big\.hl7\n$/);
    expect(await aws('s3', 'ls', '--recursive', 's3://files/in/')).toMatch(/ 4 in\/a ü\.hl7\n$/);
  });

  it('reads a range', async () => {
    const answer = JSON.parse(
      await aws(
        ...['s3api', 'get-object', '--bucket', 'files', '--key', 'in/a ü.hl7', '--range', 'bytes=1-2'],
        path('range'),
      ),
    );
    expect(answer).toMatchObject({ ContentLength: 2, ContentRange: 'bytes 1-2/4' });
    expect(readFileSync(path('range'), 'utf8')).toBe('SH');
  });

  it('shows the remedy for an unsupported operation', async () => {
    await expect(aws('s3api', 'get-object-acl', '--bucket', 'files', '--key', 'big.hl7')).rejects.toThrow(
      /NotImplemented.* GET with \?acl is not supported on this machine/,
    );
  });

  it('deletes an object', async () => {
    await aws('s3', 'rm', 's3://files/big.hl7');
    expect(existsSync(join(bucket, 'big.hl7'))).toBe(false);
    expect(readdirSync(bucket)).toEqual(['in']);
  });
});
