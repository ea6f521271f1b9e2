import { type GatewayEvent, gateways, OK, type RunningGateway } from './running-gateway';

const start = gateways();

/** The key of the route that handles a message. */
async function routeOf(gateway: RunningGateway, client: { send(text: string): void }, text: string) {
  const message = gateway.functions.next('MESSAGE');
  client.send(text);
  const { requestContext }: GatewayEvent = await message;
  return requestContext.routeKey;
}

describe('Gateway.redeploy', () => {
  const routes = { $connect: OK, $default: OK, $disconnect: OK, join: OK };

  async function withoutJoin() {
    const gateway = await start({ routes });
    const { api } = gateway;
    const fewer = { ...api, routes: api.routes.filter(({ routeKey }) => routeKey !== 'join') };
    gateway.gateway.redeploy([fewer]);
    return gateway;
  }

  it('applies new routes to open connections', async () => {
    const gateway = await withoutJoin();
    const client = await gateway.connect();
    expect(await routeOf(gateway, client, '{"action":"join"}')).toBe('$default');
    gateway.gateway.redeploy([gateway.api]);
    expect(await routeOf(gateway, client, '{"action":"join"}')).toBe('join');
  });

  it('selects routes by another expression from the next message on', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    gateway.gateway.redeploy([{ ...gateway.api, routeSelectionExpression: '$request.body.kind' }]);
    expect(await routeOf(gateway, client, '{"action":"join"}')).toBe('$default');
    expect(await routeOf(gateway, client, '{"kind":"join"}')).toBe('join');
  });

  it('keeps the variables of two stages apart', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const stage = (stageName: string, tone: string) => ({ path: stageName, stageName, variables: { tone } });
    gateway.gateway.redeploy([{ ...gateway.api, stages: [stage('dev', 'rude'), stage('prod', 'kind')] }]);
    for (const [path, tone] of [
      ['/dev', 'rude'],
      ['/prod', 'kind'],
    ] as const) {
      const connecting = gateway.functions.next('CONNECT');
      await gateway.connect(path);
      expect((await connecting).stageVariables).toEqual({ tone });
    }
  });

  it('applies stage variables to later events', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    const stages = gateway.api.stages.map((stage) => ({ ...stage, variables: { tone: 'kind' } }));
    gateway.gateway.redeploy([{ ...gateway.api, stages }]);
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    expect((await message).stageVariables).toEqual({ tone: 'kind' });
  });

  it('runs the new $disconnect for an earlier connection', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    gateway.gateway.redeploy([gateway.api]);
    const gone = gateway.functions.next('DISCONNECT');
    client.ws.close();
    expect((await gone).requestContext.disconnectStatusCode).toBe(1005);
  });

  it('serves a new stage, and closes the connections of a removed one with 1001', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    const stages = gateway.api.stages.map((stage) => ({ ...stage, stageName: 'talk' }));
    gateway.gateway.redeploy([{ ...gateway.api, stages }]);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    await expect(gateway.client('/chat').opened).rejects.toThrow('403');
    await gateway.connect('/talk');
  });

  it('changes nothing if an expression is invalid', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    const broken = { ...gateway.api, routes: [], routeSelectionExpression: '$request.header.x' };
    expect(() => gateway.gateway.redeploy([broken])).toThrow(/cannot be used/);
    expect(await routeOf(gateway, client, '{"action":"join"}')).toBe('join');
  });
});
