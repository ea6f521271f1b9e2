import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Code, Function as LambdaFunction, Runtime as LambdaRuntime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { App as ReadApp } from '../../local/assembly/model';
import { readAssembly } from '../../local/assembly/read-assembly';
import { banner } from '../../local/cli/banner';
import { bucketExports } from '../../local/cli/exports';
import { PERSONAL_CREDENTIALS } from '../../local/iam/identities';
import { signatureHeaders } from '../../local/iam/signer';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { UserError } from '../../local/user-error';
import { SIGNING } from './signing-handler';

/** Reads an object as the SDK does, from the bucket's own host. */
const HANDLER = `${SIGNING}
import https from 'node:https';
export async function handler({ Records: [{ awsRegion, s3: { bucket, object } }] }) {
  if (object.key === 'broken.hl7') throw new Error('broken');
  const host = bucket.name + '.s3.' + awsRegion + '.amazonaws.com';
  const key = decodeURIComponent(object.key.replaceAll('+', ' '));
  const path = '/' + encodeURIComponent(key);
  const query = 'versionId=' + object.versionId;
  const headers = signed({ method: 'GET', host, path, query, service: 's3' });
  const chunks = await new Promise((resolve, reject) => {
    https.get({ host, path: path + '?' + query, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(chunks));
    }).on('error', reject);
  });
  return key + ': ' + Buffer.concat(chunks);
}
`;

const home = mkdtempSync(join(tmpdir(), 'buckets-'));

function synthesize(): ReadApp {
  const code = mkdtempSync(join(tmpdir(), 'ingest-'));
  writeFileSync(join(code, 'index.mjs'), HANDLER);
  const app = new App({ outdir: join(home, 'cdk.out') });
  const stack = new Stack(app, 'Files');
  const ingest = new LambdaFunction(stack, 'Ingest', {
    functionName: 'ingest',
    runtime: LambdaRuntime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
    retryAttempts: 0,
    onFailure: new SqsDestination(new Queue(stack, 'Dead', { queueName: 'dead-letters' })),
  });
  const bucket = new Bucket(stack, 'Incoming');
  bucket.grantRead(ingest);
  bucket.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(ingest), { suffix: '.hl7' });
  new Bucket(stack, 'Archive');
  new CfnOutput(stack, 'IncomingBucket', { value: bucket.bucketName });
  const webSocketApi = new WebSocketApi(stack, 'Api', {
    defaultRouteOptions: { integration: new WebSocketLambdaIntegration('Integration', ingest) },
  });
  new WebSocketStage(stack, 'Stage', { webSocketApi, stageName: 'files', autoDeploy: true });
  return readAssembly(app.synth().directory);
}

describe('A bucket in a runtime', () => {
  const app = synthesize();
  const bucketName = app.outputs[0]?.value ?? '';
  const directory = join(home, 'incoming');
  let runtime: Runtime;
  let results: string[];
  let notices: string[];
  let onChange: () => void;

  beforeEach(async () => {
    results = [];
    notices = [];
    onChange = () => {};
    runtime = await startRuntime({
      ...{ app, port: 0, log: silentLog, bucketDirectories: { [bucketName]: directory } },
      functionLog: {
        ...silentFunctionLog,
        end({ outcome }) {
          results.push(outcome.payload);
          onChange();
        },
        notice(_, text) {
          notices.push(text);
          onChange();
        },
      },
    });
  });
  afterEach(async () => {
    await runtime.close();
    rmSync(directory, { recursive: true });
  });
  afterAll(() => rmSync(home, { recursive: true }));

  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      onChange = () => {
        if (isSo()) resolve();
      };
      onChange();
    });

  async function put(key: string, content: string, host = 'localhost'): Promise<number | undefined> {
    const outgoing = request({
      ...{ host: '127.0.0.1', port: runtime.port, method: 'PUT', path: key },
      headers: {
        ...signatureHeaders(
          { method: 'PUT', path: key, host, body: content },
          { region: 'us-east-1', service: 's3' },
          PERSONAL_CREDENTIALS,
        ),
        'content-length': content.length,
      },
    });
    outgoing.end(content);
    const [response] = await once(outgoing, 'response');
    response.resume();
    return response.statusCode;
  }

  it('runs a function with a file that appears in its folder', async () => {
    writeFileSync(join(home, 'a b.hl7'), 'MSH|');
    renameSync(join(home, 'a b.hl7'), join(directory, 'a b.hl7'));
    await until(() => results.length > 0);
    expect(results).toEqual(['"a b.hl7: MSH|"']);
  });

  it('runs a function with an object that is put through the S3 API', async () => {
    expect(await put(`/${bucketName}/path.hl7`, 'one')).toBe(200);
    expect(await put('/host.hl7', 'two', `${bucketName}.s3.us-east-1.amazonaws.com`)).toBe(200);
    expect(await put('/name.hl7', 'three', `${bucketName}.localhost`)).toBe(200);
    expect(await put('/other.txt', 'four', `${bucketName}.localhost`)).toBe(200);
    await until(() => results.length >= 3);
    expect(results.sort()).toEqual(['"host.hl7: two"', '"name.hl7: three"', '"path.hl7: one"']);
    expect(readFileSync(join(directory, 'other.txt'), 'utf8')).toBe('four');
  });

  it('delivers an event that fails permanently to its destination', async () => {
    await put(`/${bucketName}/broken.hl7`, '');
    await until(() => notices.length > 0);
    expect(notices).toEqual([
      expect.stringMatching(
        /was dropped: its only attempt failed with Error\. It goes to the queue dead-letters$/,
      ),
    ]);
  });

  it('is shown at the start with its notifications, and listed if it has no folder', () => {
    const text = banner(app, runtime, { hasPages: false, isVerbose: true });
    expect(text).toContain(`Buckets:\n  ${bucketName} is ${directory}\n    *.hl7 goes to Ingest`);
    expect(text).toContain(`export INCOMING_BUCKET=${bucketName}`);
    expect(text).toMatch(/Files\/Archive: AWS::S3::Bucket: no folder; set one with --bucket \S+=DIR/);
    expect(bucketExports(app, runtime)).toEqual({ INCOMING_BUCKET: bucketName });
    expect(text).not.toContain('python');
  });

  it('is named if its folder cannot be used', async () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    const options = { app, port: 0, log: silentLog, bucketDirectories: { [bucketName]: file } };
    const started = startRuntime(options);
    await expect(started).rejects.toThrow(UserError);
    await expect(started).rejects.toThrow(`cannot be the folder of the bucket ${bucketName}`);
    expect(existsSync(file)).toBe(true);
  });
});
