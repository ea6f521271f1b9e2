import { RouteSelection } from '../../../local/gateway/route-selection';
import { UserError } from '../../../local/user-error';
import { gateways, OK } from './running-gateway';

const select = (expression: string, message: unknown) =>
  new RouteSelection(expression, 'Stack/Api').select(
    typeof message === 'string' ? message : JSON.stringify(message),
  );

describe('RouteSelection', () => {
  it.each([
    ['$request.body.action', { action: 'join' }, 'join'],
    [`\${request.body.action}`, { action: 'join' }, 'join'],
    ['$request.body.service.do', { service: { do: 'chat' } }, 'chat'],
    ["$request.body['a b'].c", { 'a b': { c: 'x' } }, 'x'],
    ['$request.body.items[0].kind', { items: [{ kind: 'first' }, { kind: 'second' }] }, 'first'],
    ['$request.body..kind', { deep: { deeper: { kind: 'found' } } }, '[found]'],
    ['$request.body.tags[*]', { tags: ['a', 'b'] }, '[a, b]'],
    [`\${request.body.service}/\${request.body.action}`, { service: 'chat', action: 'join' }, 'chat/join'],
    [`\${request.body.action}-\${request.body.x}`, { action: 'join' }, 'join-'],
    [`v1 \${request.body.action}!`, { action: 'join' }, 'v1 join!'],
    ['fixed', { action: 'join' }, 'fixed'],
    ['\\$default', { action: 'join' }, '$default'],
    [`costs \\$\${request.body.n}`, { n: 5 }, 'costs $5'],
    [`\\\${request.body.action}`, { action: 'join' }, `\${request.body.action}`],
  ])('reads %s from %j as %j', (expression, message, key) => {
    expect(select(expression, message)).toBe(key);
  });

  it.each([
    ['a number', { action: 1 }, '1'],
    ['a fraction', { action: 1.5 }, '1.5'],
    ['true', { action: true }, 'true'],
    ['false', { action: false }, 'false'],
    ['null', { action: null }, ''],
    ['an array', { action: ['a', 1] }, '[a, 1]'],
    ['an object', { action: { a: 1 } }, '{"a":1}'],
    ['nothing', {}, ''],
    ['the result once, without recursion', { action: `\${request.body.action}` }, `\${request.body.action}`],
    ['nothing for what only JavaScript would find', { __proto__: { action: 'x' } }, ''],
  ])('returns %s', (_, message, key) => {
    expect(select('$request.body.action', message)).toBe(key);
  });

  it.each([
    '',
    'hello',
    '"action"',
    '42',
    'true',
    'null',
    '[]',
    '[{"action":"join"}]',
    '{"action":"join"',
    ' ',
  ])('finds nothing in %j', (message) => {
    expect(select('$request.body.action', message)).toBe('');
  });

  it.each([
    '$request.body.constructor',
    '$request.body.toString',
    '$request.body.action.length',
    '$request.body.__proto__',
  ])('does not read a property that does not exist in JSON: %s', (expression) => {
    expect(select(expression, { action: 'join' })).toBe('');
  });

  it('reads JSON with spaces around it', () => {
    expect(select('$request.body.action', '\r\n\t {"action":"join"} ')).toBe('join');
  });

  it('survives a message nested as deeply as 128 KB allow', () => {
    const message = `${'['.repeat(65_000)}${']'.repeat(65_000)}`;
    expect(select('$request.body..action', message)).toBe('');
  });

  it.each([
    ['$request.header.x', 'it may read only request.body'],
    [`\${request.header.x-api-key}`, 'it may read only request.body'],
    [`\${request.body.action`, 'has no "}"'],
    ['$default', 'a literal "$" is written'],
    ['$request.body.items[?(@.a)]', 'scripts and filters'],
    ['$request.body.items[(@.length-1)]', 'scripts and filters'],
  ])('refuses %s at the start', (expression, why) => {
    expect(() => new RouteSelection(expression, 'Stack/Api')).toThrow(UserError);
    expect(() => new RouteSelection(expression, 'Stack/Api')).toThrow(why);
  });
});

describe('Route', () => {
  const start = gateways();

  it.each([
    ['its own', '{"action":"join"}', 'join'],
    ['its own, with a slash', '{"action":"chat/join now"}', 'chat/join now'],
    ['$default for another case', '{"action":"Join"}', '$default'],
    ['$default for an unknown key', '{"action":"leave"}', '$default'],
    ['$default for no JSON', 'hello', '$default'],
    ['$default for an empty message', '', '$default'],
    ['$default if asked for', '{"action":"$default"}', '$default'],
    ['$default for $connect', '{"action":"$connect"}', '$default'],
    ['$default for $disconnect', '{"action":"$disconnect"}', '$default'],
    ['$default for what a Map would not have', '{"action":"constructor"}', '$default'],
  ])('for a message is %s', async (_, message, routeKey) => {
    const gateway = await start({
      routes: { $connect: OK, $disconnect: OK, $default: OK, join: OK, 'chat/join now': OK },
    });
    const client = await gateway.connect();
    const event = gateway.functions.next('MESSAGE');
    client.send(message);
    expect((await event).requestContext.routeKey).toBe(routeKey);
  });

  it.each([
    ...['{"action":"leave"}', '{"action":"$connect"}', '{"action":"$disconnect"}', '{"action":"$default"}'],
    ...['{"action":5}', '[1]', '"x"', 'hello', ''],
  ])('missing for %j responds with the Forbidden frame, and the connection stays open', async (message) => {
    const gateway = await start({ routes: { $connect: OK, $disconnect: OK, join: OK } });
    const { client, connectionId } = await gateway.connectKnown();
    client.send(message);
    const frame = await client.next();
    const { requestId } = JSON.parse(frame);
    expect(requestId).toMatch(/^[A-Za-z0-9_-]{14}[AQgw]=$/);
    expect(frame).toBe(
      `{"message": "Forbidden", "connectionId":"${connectionId}", "requestId":"${requestId}"}`,
    );
    expect(gateway.functions.count('MESSAGE')).toBe(0);
    const known = gateway.functions.next('MESSAGE');
    client.send('{"action":"join"}');
    expect((await known).requestContext.routeKey).toBe('join');
  });
});
