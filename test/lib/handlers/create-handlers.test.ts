import { ConfigurationError, createHandlers, WebSocketServer } from '../../../lib';
import { connectEvent, lambdaContext, ManualClock, TestService } from '../../../lib/testing';
import { happened, Recorder } from './recorder';

class Silent extends WebSocketServer {}

describe('the handlers of a server class', () => {
  it('run its hooks in the order of a connection’s life', async () => {
    const service = new TestService(Recorder);
    const client = await service.connect({ principalId: 'ada' });
    await client.send('hello');
    await client.close(1001, 'Going away');
    expect(happened).toEqual([
      'onPreServer ada',
      'server 12',
      'onClientMessage hello',
      'onPostServer 1001 Going away 12',
    ]);
    expect(client.received).toEqual(['welcome']);
  });

  it('run onPostServer when the server ends the connection', async () => {
    const client = await new TestService(Recorder).connect();
    await client.send('bye');
    expect(happened.at(-1)).toBe('onPostServer 1000 Connection Closed Normally 12');
  });

  it('invoke no server function for a class without server()', async () => {
    const service = new TestService(Silent);
    await service.handlers.connect(connectEvent(), lambdaContext());
    expect(service.functions.queue).toEqual([]);
  });

  it('leave nothing in the table after the closed mark has expired', async () => {
    const service = new TestService(Recorder, { clock: new ManualClock() });
    const client = await service.connect();
    await client.close();
    expect(service.table.items()).toHaveLength(1);
    await (service.clock as ManualClock).advance(11 * 60_000);
    expect(service.table.items()).toEqual([]);
  });

  it('accept an id only once', async () => {
    const { handlers } = new TestService(Silent);
    const event = connectEvent();
    expect(await handlers.connect(event, lambdaContext())).toEqual({ statusCode: 200 });
    expect(await handlers.connect(event, lambdaContext())).toEqual({ statusCode: 500 });
  });

  it('report which variable is missing from which function', async () => {
    const environment = { SERVICE_NAME: 'chat', AWS_LAMBDA_FUNCTION_NAME: 'ChatRoutes' };
    const { routes } = createHandlers(Silent, { environment });
    const outcome = routes(connectEvent(), lambdaContext());
    await expect(outcome).rejects.toThrow(ConfigurationError);
    await expect(outcome).rejects.toThrow(/function ChatRoutes has no CONNECTION_TABLE/);
    const nameless = createHandlers(Silent, { environment: { AWS_LAMBDA_FUNCTION_NAME: 'ChatRoutes' } });
    await expect(nameless.routes(connectEvent(), lambdaContext())).rejects.toThrow(/no SERVICE_NAME/);
  });

  it('report a request of an unknown type', async () => {
    const { handlers } = new TestService(Silent);
    const outcome = handlers.server({ type: 'dance' } as never, lambdaContext());
    await expect(outcome).rejects.toThrow(/"dance"/);
  });
});
