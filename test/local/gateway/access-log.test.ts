import { accessLine } from '../../../local/gateway/access-log';
import { gateways, OK } from './running-gateway';

const start = gateways();

describe('The access log of a stage', () => {
  const accessLines = ({ logged }: Awaited<ReturnType<typeof start>>) =>
    logged.filter((line) => line.startsWith('access: ')).map((line) => line.slice('access: '.length));

  it('has a line for each handshake, message and close, in the format of the stage', async () => {
    const gateway = await start({
      routes: { $connect: OK, $default: OK, $disconnect: OK },
      stage: {
        accessLogFormat: '$context.eventType $context.routeKey $context.status $context.identity.sourceIp',
      },
    });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('x');
    await message;
    const disconnect = gateway.functions.next('DISCONNECT');
    client.ws.close();
    await disconnect;
    await gateway.gateway.close();
    expect(accessLines(gateway)).toEqual([
      'CONNECT $connect 200 127.0.0.1',
      'MESSAGE $default 200 127.0.0.1',
      'DISCONNECT $disconnect 200 127.0.0.1',
    ]);
  });

  it('is not written if the stage has none', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    await gateway.connect();
    expect(gateway.logged).toEqual([]);
  });

  it('has the ids of the event and of the function', async () => {
    const gateway = await start({
      routes: { $connect: OK },
      stage: { accessLogFormat: '$context.requestId $context.connectionId $context.integration.requestId' },
    });
    const { connectionId } = await gateway.connectKnown();
    const { requestId } = gateway.functions.events[0]?.requestContext ?? {};
    expect(accessLines(gateway)).toEqual([`${requestId} ${connectionId} r`]);
  });

  it.each<[string, () => unknown, string]>([
    ['the status of $connect', () => ({ statusCode: 401 }), '401 - 401 -'],
    [
      'a failure of $connect',
      () => {
        throw new Error('broken');
      },
      '502 "Internal server error" - The integration failed',
    ],
  ])('has %s', async (_, run, expected) => {
    const gateway = await start({
      routes: { $connect: run },
      stage: {
        accessLogFormat:
          '$context.status $context.error.messageString $context.integration.status $context.integration.error',
      },
    });
    await expect(gateway.connect()).rejects.toThrow();
    expect(accessLines(gateway)).toEqual([expected]);
  });

  it('has the validation error', async () => {
    const validation = {
      selectionExpression: '\\$default',
      models: { $default: { path: 'Stack/Model', schema: { required: ['a'] } } },
    };
    const gateway = await start({
      routes: { $default: OK },
      more: { $default: { validation } },
      stage: { accessLogFormat: '$context.status $context.error.validationErrorString' },
    });
    const client = await gateway.connect();
    client.send('{}');
    await client.next();
    await client.roundTrip();
    expect(accessLines(gateway)).toEqual(['200 -', "400 the message must have required property 'a'"]);
  });
});

describe('accessLine', () => {
  const exchange = {
    context: { stage: 'chat', identity: { userAgent: 'a\nb' }, authorizer: { principalId: 'ada' } },
    status: 200,
  };

  it.each<[string, string]>([
    ['{"stage":"$context.stage","status":$context.status}', '{"stage":"chat","status":200}'],
    ['$context.authorizer.principalId $context.stage.', 'ada chat.'],
    ['$context.nothing $context.waf.status $context.identity', '- - -'],
    ['$context.identity.userAgent', 'a b'],
    ['$context.constructor $context.__proto__', '- -'],
    ['$other text', '$other text'],
  ])('turns %s into %s', (format, line) => {
    expect(accessLine(format, exchange)).toBe(line);
  });
});
