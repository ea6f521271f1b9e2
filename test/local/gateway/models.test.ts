import type { Validation } from '../../../local/assembly/model';
import { Gateway } from '../../../local/gateway/gateway';
import { silentLog } from '../../../local/log';
import { UserError } from '../../../local/user-error';
import { gateways } from './running-gateway';

const start = gateways();

const echo = { returnsResponse: true, run: () => ({ statusCode: 200, body: 'valid' }) };
const INVALID =
  /^{"message" : "Bad request body", "connectionId": "[A-Za-z0-9_-]{15}=", "messageId": "[A-Za-z0-9_-]{15}="}$/;

const model = (schema: Validation['models'][string]['schema']) => ({ path: 'Stack/Model', schema });
const text = model({ type: 'object', required: ['text'], properties: { text: { type: 'string' } } });

describe('The models of a route', () => {
  async function answerTo(message: string, validation: Validation): Promise<string> {
    const gateway = await start({ routes: { $default: echo }, more: { $default: { validation } } });
    const client = await gateway.connect();
    client.send(message);
    const answer = await client.next();
    expect(gateway.functions.count('MESSAGE')).toBe(answer === 'valid' ? 1 : 0);
    return answer;
  }

  const always: Validation = { selectionExpression: '\\$default', models: { $default: text } };

  it.each<[string, string]>([
    ['is as the model says', '{"text":"hi"}'],
    ['has more than the model says', '{"text":"hi","more":1}'],
  ])('accept a message that %s', async (_, message) => {
    expect(await answerTo(message, always)).toBe('valid');
  });

  it.each<[string, string]>([
    ['has another type', '{"text":1}'],
    ['lacks a member', '{}'],
    ['is no object', '"text"'],
    ['is no JSON', 'text'],
    ['is empty', ''],
  ])('refuse a message that %s, without running the function', async (_, message) => {
    expect(await answerTo(message, always)).toMatch(INVALID);
  });

  it('refuse a message that is nested too deeply for the stack', async () => {
    const schema = { type: 'array', items: { $ref: '#' } };
    const validation: Validation = { selectionExpression: '\\$default', models: { $default: model(schema) } };
    expect(await answerTo(`${'['.repeat(16_000)}${']'.repeat(16_000)}`, validation)).toMatch(INVALID);
    expect(await answerTo('[[]]', validation)).toBe('valid');
  });

  it('are selected by the message', async () => {
    const validation: Validation = {
      selectionExpression: '$request.body.kind',
      models: { chat: text, $default: model({ required: ['id'] }) },
    };
    expect(await answerTo('{"kind":"chat","text":"hi"}', validation)).toBe('valid');
    expect(await answerTo('{"kind":"chat","id":1}', validation)).toMatch(INVALID);
    expect(await answerTo('{"kind":"other","id":1}', validation)).toBe('valid');
    expect(await answerTo('{"kind":"other","text":"hi"}', validation)).toMatch(INVALID);
  });

  it('refuse a message that has no model', async () => {
    const validation: Validation = { selectionExpression: '$request.body.kind', models: { chat: text } };
    expect(await answerTo('{"kind":"constructor","text":"hi"}', validation)).toMatch(INVALID);
  });

  it('are JSON Schema of draft 4', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-04/schema#',
      properties: { n: { type: 'number', minimum: 1, exclusiveMinimum: true } },
    };
    const validation: Validation = { selectionExpression: '\\$default', models: { $default: model(schema) } };
    expect(await answerTo('{"n":1}', validation)).toMatch(INVALID);
    expect(await answerTo('{"n":2}', validation)).toBe('valid');
  });

  it('prevent the start of an app if they are not a schema', async () => {
    const { api } = await start({ routes: { $default: echo } });
    const validation: Validation = {
      selectionExpression: '\\$default',
      models: { $default: model({ type: 'nothing' }) },
    };
    const [route] = api.routes;
    const apis = route ? [{ ...api, routes: [{ ...route, validation }] }] : [];
    const { clock, functions } = await start({ routes: { $default: echo } });
    const open = () =>
      new Gateway({ apis, region: 'us-east-1', accountId: '1', invoker: functions, clock, log: silentLog });
    expect(open).toThrow(UserError);
    expect(open).toThrow(/^Stack\/Model: its Schema is not a valid JSON Schema of draft 4/);
  });
});
