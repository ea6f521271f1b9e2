import type { LambdaCustomIntegration } from '../../../../local/assembly/model/index';
import { gateways, type Handler, OK } from '../running-gateway';

const start = gateways();

const integration: LambdaCustomIntegration = {
  type: 'AWS_LAMBDA',
  path: 'Stack/Custom',
  functionName: 'custom',
  request: { templates: {} },
  passthrough: 'WHEN_NO_MATCH',
  responses: [],
  parameters: {},
  timeoutMillis: 29_000,
};

const response = (template: string, key = '$default') => ({ key, templates: { $default: template } });

describe('A Lambda integration that is not a proxy', () => {
  const gatewayWith = (changes: Partial<LambdaCustomIntegration>, run: Handler, routeKey = 'job') =>
    start({
      routes: { [routeKey]: { returnsResponse: true, run: OK }, custom: run },
      integrations: { [routeKey]: { ...integration, ...changes } },
    });

  async function answerTo(
    changes: Partial<LambdaCustomIntegration>,
    run: Handler,
    message = '{"action":"job","n":1}',
  ): Promise<string> {
    const gateway = await gatewayWith(changes, run);
    const client = await gateway.connect();
    client.send(message);
    return client.next();
  }

  it('sends the function the message as its event', async () => {
    const echo = await answerTo({ responses: [{ key: '$default', templates: {} }] }, (event) => ({ event }));
    expect(JSON.parse(echo)).toEqual({ event: { action: 'job', n: 1 } });
  });

  it('sends the function the result of the request template', async () => {
    const request = { templates: { $default: '{"who":"$context.connectionId","n":$input.json("$.n")}' } };
    const echo = await answerTo(
      { request, responses: [{ key: '$default', templates: {} }] },
      (event) => event,
    );
    expect(JSON.parse(echo)).toEqual({ who: expect.stringMatching(/=$/), n: 1 });
  });

  it('responds with the result of the response template', async () => {
    const responses = [response('total: $input.path("$.sum")')];
    expect(await answerTo({ responses }, () => ({ sum: 3 }))).toBe('total: 3');
  });

  it('selects the response by the function’s error message', async () => {
    const responses = [
      response('missing: $input.path("$.errorMessage")', '/Not found.*/'),
      response('other', '/.+/'),
      response('fine'),
    ];
    const failing = (message: string) => () => {
      throw new Error(message);
    };
    expect(await answerTo({ responses }, failing('Not found: x'))).toBe('missing: Not found: x');
    expect(await answerTo({ responses }, failing('broken'))).toBe('other');
    expect(await answerTo({ responses }, () => 1)).toBe('fine');
  });

  it('fails with the error frame if the function fails and there is no response for the error', async () => {
    const text = await answerTo({}, () => {
      throw new Error('broken');
    });
    expect(text).toMatch(/^{"message": "Internal server error"/);
  });

  it('fails with the error frame if the request is not JSON, and logs why', async () => {
    const gateway = await gatewayWith({ request: { templates: { $default: 'hello' } } }, OK);
    const client = await gateway.connect();
    client.send('{"action":"job"}');
    expect(await client.next()).toMatch(/^{"message": "Internal server error"/);
    expect(gateway.logged).toEqual([
      expect.stringMatching(/^job failed in Stack\/Custom: the request is not JSON, which Lambda needs/),
    ]);
  });

  it('reports a timeout to the client', async () => {
    const gateway = await gatewayWith({ timeoutMillis: 500 }, () => {
      setImmediate(() => gateway.clock.advance(500));
      return new Promise(() => {});
    });
    const client = await gateway.connect();
    client.send('{"action":"job"}');
    expect(await client.next()).toMatch(/^{"message": "Endpoint request timed out"/);
  });

  it('only queues the event with X-Amz-Invocation-Type: Event', async () => {
    const gateway = await gatewayWith(
      {
        parameters: { 'integration.request.header.X-Amz-Invocation-Type': "'Event'" },
        responses: [response('queued')],
      },
      OK,
    );
    const client = await gateway.connect();
    client.send('{"action":"job"}');
    expect(await client.next()).toBe('queued');
    expect(gateway.functions.queued).toEqual([{ functionName: 'custom', payload: '{"action":"job"}' }]);
  });

  describe('on $connect', () => {
    it('opens a connection by its integration response, and requires one', async () => {
      const responses = [response('')];
      const request = { templates: { $default: '{"id":"$context.connectionId"}' } };
      await (await gatewayWith({ request, responses }, OK, '$connect')).connect();
      await expect((await gatewayWith({ request }, OK, '$connect')).connect()).rejects.toThrow('500');
    });

    it('refuses with 502 if the function fails', async () => {
      const fails = () => {
        throw new Error('broken');
      };
      const gateway = await gatewayWith({ responses: [response('')] }, fails, '$connect');
      await expect(gateway.connect()).rejects.toThrow('502');
    });
  });
});
