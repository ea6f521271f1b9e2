import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { sourceIp } from '../../../local/gateway/connect-request';
import { API_ID, DOMAIN, type GatewaySetup, gateways, OK, type RunningGateway } from './running-gateway';

const start = gateways();
const ID = expect.stringMatching(/^[A-Za-z0-9_-]{14}[AQgw]=$/);
const ROUTES: GatewaySetup['routes'] = { $connect: OK, $default: OK, $disconnect: OK };

async function threeEvents(gateway: RunningGateway, path = '/chat', options = {}) {
  const { client } = await gateway.connectKnown(path, options);
  gateway.clock.advance(1234);
  const message = gateway.functions.next('MESSAGE');
  client.send('{"action":"x"}');
  await message;
  const disconnect = gateway.functions.next('DISCONNECT');
  client.ws.close();
  await disconnect;
  const [connectEvent, messageEvent, disconnectEvent] = gateway.functions.events;
  if (!connectEvent || !messageEvent || !disconnectEvent) throw new Error('An event is missing.');
  return { connectEvent, messageEvent, disconnectEvent };
}

describe('CONNECT event', () => {
  it('has exactly AWS’s keys, in AWS’s order', async () => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent } = await threeEvents(gateway);
    expect(Object.keys(connectEvent)).toEqual([
      'headers',
      'multiValueHeaders',
      'requestContext',
      'isBase64Encoded',
    ]);
    expect(Object.keys(connectEvent.requestContext)).toEqual([
      'routeKey',
      'eventType',
      'extendedRequestId',
      'requestTime',
      'messageDirection',
      'stage',
      'connectedAt',
      'requestTimeEpoch',
      'identity',
      'requestId',
      'domainName',
      'connectionId',
      'apiId',
    ]);
    expect(connectEvent.requestContext).toEqual({
      routeKey: '$connect',
      eventType: 'CONNECT',
      extendedRequestId: connectEvent.requestContext.requestId,
      requestTime: '01/Jan/2026:00:00:00 +0000',
      messageDirection: 'IN',
      stage: 'chat',
      connectedAt: Date.UTC(2026, 0, 1),
      requestTimeEpoch: Date.UTC(2026, 0, 1),
      identity: { sourceIp: '127.0.0.1' },
      requestId: ID,
      domainName: DOMAIN,
      connectionId: ID,
      apiId: API_ID,
    });
  });

  it('has a query and stage variables only if there are some', async () => {
    const gateway = await start({ routes: ROUTES, stageVariables: { color: 'blue' } });
    const { connectEvent } = await threeEvents(gateway, '/chat?name=%C3%84nne+M&a=1&a=2&flag');
    expect(Object.keys(connectEvent)).toEqual([
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'stageVariables',
      'requestContext',
      'isBase64Encoded',
    ]);
    expect(connectEvent.queryStringParameters).toEqual({ name: 'Änne M', a: '2', flag: '' });
    expect(connectEvent.multiValueQueryStringParameters).toEqual({
      name: ['Änne M'],
      a: ['1', '2'],
      flag: [''],
    });
    expect(connectEvent.stageVariables).toEqual({ color: 'blue' });
  });

  it('decodes the query once, and messages contain none of it', async () => {
    const gateway = await start({ routes: ROUTES });
    const events = await threeEvents(gateway, '/chat?token=a%2Bb%3D&room=1&room=2&flag&empty=');
    expect(events.connectEvent.queryStringParameters).toEqual({
      ...{ token: 'a+b=', room: '2', flag: '', empty: '' },
    });
    expect(events.connectEvent.multiValueQueryStringParameters).toEqual({
      ...{ token: ['a+b='], room: ['1', '2'], flag: [''], empty: [''] },
    });
    for (const name of ['queryStringParameters', 'multiValueQueryStringParameters', 'headers']) {
      expect(events.messageEvent).not.toHaveProperty(name);
    }
  });

  it.each(['/chat?', '/chat/?', '/chat'])('has no query for %s', async (path) => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent } = await threeEvents(gateway, path);
    expect(connectEvent).not.toHaveProperty('queryStringParameters');
    expect(connectEvent).not.toHaveProperty('multiValueQueryStringParameters');
  });

  it('keeps the case of header names, sorts them, and adds the gateway’s headers', async () => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent } = await threeEvents(gateway, '/chat', {
      headers: { 'user-agent': 'wscat', 'X-Custom-ID': 'a', Cookie: 'c=d' },
      origin: 'http://evil.example',
    });
    expect(Object.entries(connectEvent.headers)).toEqual([
      ['Cookie', 'c=d'],
      ['Host', DOMAIN],
      ['Origin', 'http://evil.example'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
      ['Sec-WebSocket-Key', expect.any(String)],
      ['Sec-WebSocket-Version', '13'],
      ['user-agent', 'wscat'],
      ['X-Amzn-Trace-Id', expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/)],
      ['X-Custom-ID', 'a'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Port', '443'],
      ['X-Forwarded-Proto', 'https'],
    ]);
    expect(connectEvent.multiValueHeaders).toEqual(
      Object.fromEntries(Object.entries(connectEvent.headers).map(([name, value]) => [name, [value]])),
    );
  });

  it('has the last value of a repeated header, and all values', async () => {
    const gateway = await start({ routes: ROUTES });
    const connected = gateway.functions.next('CONNECT');
    const client = await gateway.raw();
    client.handshake('/chat', 'X-Tag: one', 'x-tag: two');
    const event = await connected;
    expect(event.headers['X-Tag']).toBe('two');
    expect(event.multiValueHeaders['X-Tag']).toEqual(['one', 'two']);
  });

  it('keeps names that have a meaning in JavaScript', async () => {
    const gateway = await start({ routes: ROUTES });
    await threeEvents(gateway, '/chat?__proto__=a&constructor=b', {
      headers: { __proto__: null, valueOf: 'c' },
    });
    const [payload] = gateway.functions.payloads;
    expect(payload).toContain('"queryStringParameters":{"__proto__":"a","constructor":"b"}');
    expect(payload).toContain('"valueOf":"c"');
  });

  it('contains the user and password of the URL as the client sends them', async () => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent } = await threeEvents(gateway, '/chat', { auth: 'user:secret' });
    expect(connectEvent.headers.Authorization).toBe('Basic dXNlcjpzZWNyZXQ=');
  });

  it.each([
    ['us-east-1', DOMAIN],
    ['cn-north-1', `${API_ID}.execute-api.cn-north-1.amazonaws.com.cn`],
  ])('names the domain of %s', async (region, domain) => {
    const gateway = await start({ routes: ROUTES, region });
    const { connectEvent } = await threeEvents(gateway);
    expect(connectEvent.requestContext.domainName).toBe(domain);
    expect(connectEvent.headers.Host).toBe(domain);
  });
});

describe('Source address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8::1'],
  ])('of a client at %s is %s', (remoteAddress, expected) => {
    const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
    expect(sourceIp(new IncomingMessage(socket))).toBe(expected);
  });
});

describe('MESSAGE event', () => {
  it('has exactly AWS’s keys, in AWS’s order', async () => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent, messageEvent } = await threeEvents(gateway, '/chat?a=b', {
      headers: { 'User-Agent': 'wscat' },
    });
    expect(Object.keys(messageEvent)).toEqual(['requestContext', 'body', 'isBase64Encoded']);
    expect(Object.entries(messageEvent.requestContext)).toEqual([
      ['routeKey', '$default'],
      ['messageId', ID],
      ['eventType', 'MESSAGE'],
      ['extendedRequestId', messageEvent.requestContext.requestId],
      ['requestTime', '01/Jan/2026:00:00:01 +0000'],
      ['messageDirection', 'IN'],
      ['stage', 'chat'],
      ['connectedAt', Date.UTC(2026, 0, 1)],
      ['requestTimeEpoch', Date.UTC(2026, 0, 1) + 1234],
      ['identity', { userAgent: 'wscat', sourceIp: '127.0.0.1' }],
      ['requestId', ID],
      ['domainName', DOMAIN],
      ['connectionId', connectEvent.requestContext.connectionId],
      ['apiId', API_ID],
    ]);
    expect(Object.keys(messageEvent.requestContext.identity)).toEqual(['userAgent', 'sourceIp']);
    expect(messageEvent).toMatchObject({ body: '{"action":"x"}', isBase64Encoded: false });
  });

  it('starts with the stage variables, if any', async () => {
    const gateway = await start({ routes: ROUTES, stageVariables: { color: 'blue' } });
    const { messageEvent } = await threeEvents(gateway);
    expect(Object.keys(messageEvent)).toEqual([
      'stageVariables',
      'requestContext',
      'body',
      'isBase64Encoded',
    ]);
  });

  it.each(['', ' {"a": 1} ', 'Grüße 🎉 \u2028 "quoted"'])('has the text as it came: %j', async (text) => {
    const gateway = await start({ routes: ROUTES });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send(text);
    expect((await message).body).toBe(text);
  });
});

describe('DISCONNECT event', () => {
  it('has exactly AWS’s keys, in AWS’s order', async () => {
    const gateway = await start({ routes: ROUTES });
    const { connectEvent, disconnectEvent } = await threeEvents(gateway, '/chat?a=b');
    const headers = { Host: DOMAIN, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
    expect(Object.keys(disconnectEvent)).toEqual([
      'headers',
      'multiValueHeaders',
      'requestContext',
      'isBase64Encoded',
    ]);
    expect(Object.entries(disconnectEvent.headers)).toEqual(Object.entries(headers));
    expect(disconnectEvent.multiValueHeaders).toEqual({
      Host: [DOMAIN],
      'x-api-key': [''],
      'X-Forwarded-For': [''],
      'x-restapi': [''],
    });
    expect(Object.entries(disconnectEvent.requestContext)).toEqual([
      ['routeKey', '$disconnect'],
      ['disconnectStatusCode', 1005],
      ['eventType', 'DISCONNECT'],
      ['extendedRequestId', disconnectEvent.requestContext.requestId],
      ['requestTime', '01/Jan/2026:00:00:01 +0000'],
      ['messageDirection', 'IN'],
      ['disconnectReason', 'Client-side close frame status not set'],
      ['stage', 'chat'],
      ['connectedAt', Date.UTC(2026, 0, 1)],
      ['requestTimeEpoch', Date.UTC(2026, 0, 1) + 1234],
      ['identity', { sourceIp: '127.0.0.1' }],
      ['requestId', ID],
      ['domainName', DOMAIN],
      ['connectionId', connectEvent.requestContext.connectionId],
      ['apiId', API_ID],
    ]);
  });
});
