import { ApiKey } from '../../../../lib/realtime/http-api/api-key';
import { CallingApi, KEY } from './calling-api';

describe('createRealtimeApi', () => {
  let api: CallingApi;
  beforeEach(() => {
    api = new CallingApi();
  });

  it.each([
    ['X-API-Key', { 'x-api-key': KEY }],
    ['Authorization', { authorization: `apikey ${KEY.replaceAll(' ', '_')}` }],
  ])('accepts its key in %s', async (_header, headers) => {
    const key = new ApiKey({ API_KEY: Object.values(headers)[0]?.replace('apikey ', '') });
    expect(await key.isIn(headers)).toBe(true);
  });

  it.each([
    ['no key', {}],
    ['another key', { 'x-api-key': 'local' }],
    ['the beginning of the key', { 'x-api-key': KEY.slice(0, -1) }],
    ['the key of another scheme', { authorization: `Bearer ${KEY}` }],
  ])('responds with 401 to %s', async (_what, headers) => {
    expect(await api.request({ headers })).toMatchObject({ statusCode: 401 });
  });

  it('reads its key from a secret', async () => {
    const key = new ApiKey({ API_KEY_ARN: 'arn:1' }, { text: async (arn) => `key of ${arn}` });
    expect(await key.isIn({ 'x-api-key': 'key of arn:1' })).toBe(true);
  });

  it('throws if its function has no key', async () => {
    await expect(new ApiKey({}).isIn({ 'x-api-key': '' })).rejects.toThrow(/neither API_KEY_ARN nor API_KEY/);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['nothing', ''],
  ])('responds with 400 to %s', async (_what, body) => {
    expect(await api.request({ path: '/api/publish', body })).toMatchObject({
      statusCode: 400,
      body: 'Bad Request',
    });
  });

  it.each(['/api/fly', '/publish', '/api/publish/more', '/'])('answers 404 to %s', async (path) => {
    expect(await api.request({ path })).toMatchObject({ statusCode: 404 });
  });

  it('responds with 405 to a GET', async () => {
    expect(await api.request({ method: 'GET' })).toMatchObject({ statusCode: 405 });
  });

  it('responds with 413 to more than a megabyte', async () => {
    const body = { channel: 'open/1', data: 'x'.repeat(1024 * 1024) };
    expect(await api.request({ path: '/api/publish', body })).toMatchObject({ statusCode: 413 });
  });

  it.each(['/api/info', '/prod/api/info', '/api/info/'])('takes the path %s', async (path) => {
    expect(await api.request({ path })).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
    });
  });

  it('returns errors in the body, with status 200', async () => {
    const answer = await api.request({ path: '/api/publish', body: { channel: 'no channel', data: 1 } });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      error: { code: 107, message: expect.stringContaining('A channel name must have') },
    });
  });

  it.each([
    ['publish', { data: 1 }, 400, 107],
    ['history', { channel: 'room/1', limit: 1, since: { epoch: 'other', offset: 3 } }, 416, 112],
    ['rpc', { method: 'fail' }, 500, 100],
  ])('returns an HTTP status for %s if requested', async (method, body, statusCode, code) => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
    const headers = { 'x-api-key': KEY, 'x-centrifugo-error-mode': 'transport' };
    const answer = await api.request({ path: `/api/${method}`, body, headers });
    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body)).toEqual({ code, message: expect.any(String) });
  });

  it('runs a procedure of the service, and returns its errors', async () => {
    expect(await api.call('rpc', { method: 'add', params: { n: 1 } })).toEqual({
      result: { data: { method: 'add', params: { n: 1 } } },
    });
    expect(await api.call('rpc', { method: 'refuse' })).toEqual({
      error: { code: 103, message: 'permission denied' },
    });
  });

  it.each([{}, { parallel: true }])('runs a batch, and answers each command (%j)', async (how) => {
    const commands = [
      { publish: { channel: 'room/1', data: 1 } },
      { history: { channel: 'open/1' } },
      { presence_stats: { channel: 'room/1' } },
      { fly: {} },
      null,
    ];
    expect(await api.call('batch', { commands, ...how })).toEqual({
      replies: [
        { publish: { epoch: expect.any(String), offset: 1 } },
        { error: { code: 108, message: expect.stringContaining('history of open/1') } },
        { presence_stats: { num_clients: 0, num_users: 0 } },
        { error: { code: 104, message: 'method not found' } },
        { error: { code: 104, message: 'method not found' } },
      ],
    });
  });

  it('runs commands with method and params, one in each line, in order', async () => {
    const commands = [
      { id: 7, method: 'publish', params: { channel: 'room/1', data: 1 } },
      { method: 'history', params: { channel: 'room/1' } },
      { method: 'info' },
      { method: 'fly', params: {} },
    ];
    const body = `${commands.map((command) => JSON.stringify(command)).join('\n')}\n`;
    const answer = await api.request({ path: '/api', body });
    expect(answer.body.split('\n').map((line) => JSON.parse(line))).toEqual([
      { id: 7, result: { epoch: expect.any(String), offset: 1 } },
      { result: { publications: [], epoch: expect.any(String), offset: 1 } },
      { result: { nodes: [expect.objectContaining({ num_clients: 0 })] } },
      { error: { code: 104, message: 'method not found' } },
    ]);
  });

  it.each(['', 'publish', '[1]'])('answers 400 to the old form with %j', async (body) => {
    expect(await api.request({ path: '/api', body })).toMatchObject({ statusCode: 400 });
  });
});
