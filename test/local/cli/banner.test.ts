import type { App, OtherResource, UnknownValue } from '../../../local/assembly/model';
import { banner } from '../../../local/cli/banner';
import type { Runtime } from '../../../local/runtime';
import { chatTemplateWith, readTemplate } from '../assembly/written-assembly';

const chat = readTemplate(chatTemplateWith({}));

function screen(changes: Partial<App>, isVerbose = false): string[] {
  const app = { ...chat, ...changes };
  const runtime = {
    ...{
      url: 'http://localhost:3001',
      port: 3001,
      apis: app.apis,
      httpApis: app.httpApis,
      bucketDirectories: { files: '/tmp/files' },
    },
    webSocketUrl: (stageName: string) => `ws://localhost:3001/${stageName}`,
  };
  return banner(app, runtime as unknown as Runtime, { hasPages: true, isVerbose }).split('\n');
}

const bucket = (path: string, bucketName: string): App['buckets'][number] => ({
  ...{ path, bucketName, bucketArn: `arn:aws:s3:::${bucketName}`, notifications: [] },
});

const throttling = (path: string): OtherResource => ({ type: 'throttling', path, reason: 'not yet' });

describe('The output of a start', () => {
  it('shows the addresses first, then what to export', () => {
    const [api] = chat.apis;
    const apis = api
      ? [{ ...api, customDomains: [{ domainName: 'ws.example.com', stageName: 'chat', mappingKey: 'v1' }] }]
      : [];
    expect(screen({ apis, buckets: [bucket('Main/Files/Resource', 'files')] }).slice(0, 8)).toEqual([
      'Main/Api                 ws://localhost:3001/chat',
      'wss://ws.example.com/v1  ws://localhost:3001/ws.example.com/v1',
      'Pages                    http://localhost:3001/',
      'Console                  http://localhost:3001/@local/console',
      'Main/Files               /tmp/files',
      '',
      'For the AWS CLI, the SDKs and your own processes:',
      expect.stringMatching(/^ {2}export AWS_ENDPOINT_URL=http:\/\/localhost:3001 AWS_REGION=us-east-1 /),
    ]);
  });

  it('shows failures and unknown values in a line each, and summarizes the rest', () => {
    const unknownValues: UnknownValue[] = [
      { name: '/limit', placeholder: 'unknown.limit.invalid', users: ['Main/Function (LIMIT)'] },
      { name: 'keys:api', placeholder: 'unknown.keys-api.invalid', users: [] },
    ];
    const notRun: OtherResource[] = [
      { type: 'AWS::SQS::QueuePolicy', path: 'A' },
      throttling('Main/One/Stage/Resource'),
      throttling('Main/Two/Stage/Resource'),
      {
        type: 'route',
        path: 'Main/Ping',
        reason: 'is a mock',
        cost: 'Internal server error for ping at Main/Api',
      },
      { type: 'layer', path: 'Main/Function/Resource', reason: 'runs without the layer' },
    ];
    const lines = screen({ notRun, unknownValues });
    expect(lines.slice(lines.indexOf('Not run or not enforced here:') + 1)).toEqual([
      '  Internal server error for ping at Main/Api. Main/Ping: is a mock.',
      '  placeholders stand for values that only AWS knows; set them with --parameter NAME=VALUE or --env-vars FILE:',
      '    /limit, keys:api',
      '  throttling (2): not yet',
      '  Main/Function: layer: runs without the layer',
      '  AWS::SQS::QueuePolicy',
      '1 route: --verbose shows them',
    ]);
  });

  it('does not get longer with unsupported resources, unless everything is requested', () => {
    const notRun = Array.from({ length: 40 }, (_, index) => ({
      type: 'T',
      path: `P${index}`,
      reason: `why ${index}`,
    }));
    expect(screen({ notRun })).toContain('  and 34 more: --verbose lists them');
    expect(screen({ notRun }).length).toBeLessThanOrEqual(20);
    expect(screen({ notRun }, true)).toContain('  P39: T: why 39');
    const types = notRun.map(({ path }) => ({ type: path, path }));
    expect(screen({ notRun: types })).toContain(
      'Not run or not enforced here: 40 resources of 40 other types: --verbose lists them',
    );
  });

  it('shows the routes and outputs if everything is requested', () => {
    const outputs = [
      {
        stack: 'Main',
        name: 'Url',
        value: `wss://${chat.apis[0]?.apiId}.execute-api.us-east-1.amazonaws.com/chat`,
      },
    ];
    expect(screen({ outputs }, true)).toEqual(
      expect.arrayContaining([
        'Routes:',
        '  Main/Api: $default',
        'Outputs:',
        '  Main.Url = ws://localhost:3001/chat',
      ]),
    );
  });
});
