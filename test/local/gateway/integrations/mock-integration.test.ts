import type { MockIntegration } from '../../../../local/assembly/model/index';
import { gateways, OK } from '../running-gateway';

const start = gateways();

const OK_TEMPLATE = { templates: { $default: '{"statusCode": 200}' } };
const never = () => {
  throw new Error('A mock runs no function.');
};

describe('A MOCK integration', () => {
  /**
   * The first frame that the client receives after `message`, on a two-way route `ping`. Another route answers `end`.
   */
  async function answerTo(mock: Partial<MockIntegration>, message = '{"action":"ping"}'): Promise<string> {
    const gateway = await start({
      routes: {
        ping: { returnsResponse: true, run: never },
        end: { returnsResponse: true, run: () => ({ statusCode: 200, body: 'end' }) },
      },
      mocks: { ping: mock },
      stageVariables: { level: 'low' },
    });
    const client = await gateway.connect();
    client.send(message);
    client.send('{"action":"end"}');
    return client.next();
  }

  const response = (template: string, key = '$default') => ({ key, templates: { $default: template } });

  it.each<[string, string, string | RegExp]>([
    ['a fixed text', '{"pong":true}', '{"pong":true}'],
    ['the context', '$context.routeKey at $context.stage', 'ping at chat'],
    ['the connection', '$context.connectionId', /^[A-Za-z0-9_-]{14}[AQgw]=$/],
    ['the message', '$input.body', '{"action":"ping","a":{"b":[1,2]}}'],
    ['a part of the message', '$input.json("$.a")', '{"b":[1,2]}'],
    ['a part of a part', '$input.path("$.a.b[1]")', '2'],
    ['what is not there', '$input.json("$.c")', '""'],
    ['a stage variable', '$stageVariables.level', 'low'],
    [
      'an escaped text',
      '$util.escapeJavaScript($input.body)',
      '{\\"action\\":\\"ping\\",\\"a\\":{\\"b\\":[1,2]}}',
    ],
    ['base64', '$util.base64Encode("hi")', 'aGk='],
    ['a condition', '#if($input.path("$.action") == "ping")yes#{else}no#end', 'yes'],
    ['a loop', '#foreach($n in $input.path("$.a.b"))$n;#end', '1;2;'],
    ['parameters, which a message has not got', '$input.params("token").', '.'],
  ])('responds with %s', async (_, template, expected) => {
    const answer = await answerTo(
      { request: OK_TEMPLATE, responses: [response(template)] },
      '{"action":"ping","a":{"b":[1,2]}}',
    );
    expect(answer).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  it('selects its response by the status of the request template', async () => {
    const mock: Partial<MockIntegration> = {
      request: {
        templates: {
          $default: '#if($input.path("$.bad"))\n{"statusCode": 404}\n#else{ statusCode: 200 }#end',
        },
      },
      responses: [response('fine', '/2\\d\\d/'), response('bad', '/4\\d\\d/'), response('other')],
    };
    expect(await answerTo(mock)).toBe('fine');
    expect(await answerTo(mock, '{"action":"ping","bad":1}')).toBe('bad');
  });

  it('selects its templates by an expression over the message', async () => {
    const mock: Partial<MockIntegration> = {
      request: OK_TEMPLATE,
      responses: [
        {
          key: '$default',
          selectionExpression: `\${request.body.lang}`,
          templates: { de: 'Hallo', $default: 'Hello' },
        },
      ],
    };
    expect(await answerTo(mock, '{"action":"ping","lang":"de"}')).toBe('Hallo');
    expect(await answerTo(mock, '{"action":"ping","lang":"constructor"}')).toBe('Hello');
  });

  it('responds with nothing if it is bare, as the CDK creates it', async () => {
    expect(await answerTo({})).toBe('end');
  });

  it('responds with nothing if its response has no template', async () => {
    expect(await answerTo({ request: OK_TEMPLATE, responses: [{ key: '$default', templates: {} }] })).toBe(
      'end',
    );
  });

  it.each<[string, Partial<MockIntegration>]>([
    ['gives no status', { request: { templates: { $default: 'hello' } } }],
    [
      'is for no such message',
      { request: { templates: { other: '{"statusCode":200}' } }, passthrough: 'NEVER' },
    ],
    ['is no Velocity', { request: { templates: { $default: '#if(' } } }],
  ])('fails with the error frame if its request template %s', async (_, mock) => {
    expect(JSON.parse(await answerTo({ responses: [response('x')], ...mock }))).toMatchObject({
      message: 'Internal server error',
    });
  });

  describe('on $connect', () => {
    it('accepts the client by its integration response', async () => {
      const gateway = await start({
        routes: { $connect: never, $default: OK },
        mocks: { $connect: { request: OK_TEMPLATE, responses: [response('')] } },
      });
      await gateway.connect();
    });

    it('refuses with the status of its request template', async () => {
      const gateway = await start({
        routes: { $connect: never },
        mocks: {
          $connect: {
            request: {
              templates: { $default: '{"statusCode": #if($input.params("token") == "x")200#{else}403#end}' },
            },
            responses: [response('')],
          },
        },
      });
      await gateway.connect('/chat?token=x');
      await expect(gateway.connect('/chat?token=y')).rejects.toThrow('403');
    });

    it('refuses with 500 without a response for its status', async () => {
      const gateway = await start({
        routes: { $connect: never },
        mocks: { $connect: { request: OK_TEMPLATE } },
      });
      await expect(gateway.connect()).rejects.toThrow('500');
      expect(gateway.logged).toEqual([
        expect.stringContaining('no integration response matches the status 200'),
      ]);
    });
  });
});
