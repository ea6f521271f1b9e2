import type { App } from '../../../local/assembly/model';
import { differences } from '../../../local/cli/differences';
import { chatTemplateWith, readTemplate } from '../assembly/written-assembly';

describe('differences', () => {
  const chat = readTemplate(chatTemplateWith({}));
  const [api] = chat.apis as [App['apis'][number]];
  const [route] = api.routes as [(typeof api.routes)[number]];
  const [chatFunction] = chat.functions as [App['functions'][number]];
  const table: App['tables'][number] = {
    ...{ path: 'Main/Rows/Resource', tableName: 'rows', tableArn: 'arn:rows' },
    createTable: { TableName: 'rows', KeySchema: ['pk'] },
  };
  const schedule: App['schedules'][number] = {
    ...{ path: 'Main/Sweep/Resource', arn: 'arn:sweep', service: 'events', targets: [] },
    timing: { kind: 'rate', intervalMillis: 60_000 },
  };
  const topic: App['topics'][number] = {
    ...{ path: 'Main/News/Resource', topicName: 'news', topicArn: 'arn:news', displayName: '' },
    ...{ isFifo: false, contentBasedDeduplication: false, subscriptions: [] },
  };

  const withApi = (changes: Partial<typeof api>): App => ({ ...chat, apis: [{ ...api, ...changes }] });
  const withFunction = (changes: Partial<typeof chatFunction>): App => ({
    ...chat,
    functions: [{ ...chatFunction, ...changes }],
  });

  it('are empty between two readings of the same app', () => {
    expect(differences(chat, structuredClone(chat))).toEqual([]);
  });

  it.each<[string, App, string, string]>([
    ['new code', withFunction({ codeDirectory: '/new' }), 'code', 'Main/Function: code'],
    [
      'settings of a function',
      withFunction({ codeDirectory: '/new', environment: { A: 'b' }, timeoutSeconds: 7, memoryMegabytes: 1 }),
      'other',
      'Main/Function: environment, timeout, memory, code',
    ],
    [
      'routes',
      withApi({
        routes: [
          { ...route, returnsResponse: true },
          { ...route, routeKey: 'join' },
        ],
      }),
      'other',
      'Main/Api: route $default, new route join',
    ],
    ['a route that is gone', withApi({ routes: [] }), 'other', 'Main/Api: removed route $default'],
    ['the route selection', withApi({ routeSelectionExpression: 'x' }), 'other', 'Main/Api: route selection'],
    [
      'a custom domain',
      withApi({ customDomains: [{ domainName: 'ws.example.com', stageName: 'chat', mappingKey: '' }] }),
      'other',
      'Main/Api: custom domains',
    ],
    [
      'what fails from now on',
      { ...chat, notRun: [{ type: 'route', path: 'Main/Ping', reason: 'is a mock', cost: 'ping fails' }] },
      'other',
      'Ping fails. Main/Ping: is a mock.',
    ],
    [
      'the value of a parameter',
      {
        ...chat,
        storedParameters: [
          { path: 'Main/Limit/Resource', name: '/l', arn: 'arn:l', type: 'String', value: '5' },
        ],
      },
      'other',
      'new parameter Main/Limit',
    ],
    ['stages', withApi({ stages: [] }), 'other', 'Main/Api: stages'],
    ['a new table', { ...chat, tables: [table] }, 'other', 'new table Main/Rows'],
    ['a function that is gone', { ...chat, functions: [] }, 'other', 'removed function Main/Function'],
    ['a new schedule', { ...chat, schedules: [schedule] }, 'other', 'new schedule Main/Sweep'],
    ['a new topic', { ...chat, topics: [topic] }, 'other', 'new topic Main/News'],
    ['an event bus that is gone', { ...chat, eventBuses: [] }, 'other', 'removed event bus default'],
    [
      'a new bucket',
      {
        ...chat,
        buckets: [{ path: 'Main/Files/Resource', bucketName: 'files', bucketArn: 'arn', notifications: [] }],
      },
      'needs restart',
      'Main/Files: the bucket or its notifications',
    ],
    ['another region', { ...chat, region: 'eu-west-1' }, 'needs restart', 'the app is now in eu-west-1'],
  ])('name %s', (_, later, kind, text) => {
    expect(differences(chat, later)).toEqual([{ kind, text: expect.stringContaining(text) }]);
  });

  it('need a restart if a table has other keys, but not if its time to live changes', () => {
    const earlier = { ...chat, tables: [table] };
    const [keys] = differences(earlier, {
      ...chat,
      tables: [{ ...table, createTable: { TableName: 'rows', KeySchema: ['id'] } }],
    });
    expect(keys).toEqual({
      kind: 'needs restart',
      text: "Main/Rows: the table's keys, indexes or settings",
    });
    const [ttl] = differences(earlier, { ...chat, tables: [{ ...table, ttlAttribute: 'expiresAt' }] });
    expect(ttl).toEqual({ kind: 'other', text: 'Main/Rows: time to live' });
  });
});
