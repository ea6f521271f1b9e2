/** Integrations of type AWS in a runtime with IAM: the policies of the integration's role decide. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { App, Route, ServiceIntegration } from '../../../local/assembly/model';
import { type Runtime, startRuntime } from '../../../local/runtime';
import type { RuntimeOptions } from '../../../local/runtime-options';
import { ACCOUNT, accessApp, allow, ROLE } from '../iam/access-app';

const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:queue`;
const SEND = allow('sqs:SendMessage', QUEUE);

const toQueue: ServiceIntegration = {
  ...{ type: 'AWS', path: 'Main/Job', service: 'sqs', method: 'POST', timeoutMillis: 29_000 },
  target: { kind: 'path', name: `${ACCOUNT}/queue` },
  roleArn: ROLE,
  request: {
    templates: { $default: 'Action=SendMessage&MessageBody=$context.connectionId' },
    selectionExpression: '\\$default',
  },
  passthrough: 'WHEN_NO_MATCH',
  parameters: {},
  responses: [{ key: '$default', templates: {} }],
};

function appWith(integration: ServiceIntegration, ...statements: ReturnType<typeof allow>[]): App {
  const route = (routeKey: string): Route => ({
    path: routeKey,
    routeKey,
    integration,
    returnsResponse: true,
  });
  const routes = [route('$connect'), route('job')];
  const stages = [{ path: 'Stage', stageName: 'chat', variables: {} }];
  return {
    ...accessApp(statements),
    apis: [
      {
        ...{ path: 'Main/Api', apiId: 'abcde12345', name: 'Api', stages },
        ...{ routeSelectionExpression: '$request.body.action', routes },
      },
    ],
    ...{ functions: [], schedules: [], eventSources: [], givenValues: {} },
    ...{ unknownValues: [], stacks: [], outputs: [], notRun: [] },
  };
}

describe('An integration of type AWS with IAM on', () => {
  const lines: string[] = [];
  let runtime: Runtime | undefined;

  afterEach(async () => {
    await runtime?.close();
    runtime = undefined;
    lines.length = 0;
  });

  async function start(app: App, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
    const note = (text: string) => void lines.push(text);
    const log = { info: note, warn: note, error: note };
    runtime = await startRuntime({ app, port: 0, log, ...options });
    return runtime;
  }

  async function connect({ webSocketUrl }: Runtime): Promise<WebSocket> {
    const socket = new WebSocket(webSocketUrl('chat'));
    await once(socket, 'open');
    return socket;
  }

  async function answerTo(socket: WebSocket, message: string): Promise<string> {
    socket.send(message);
    const [data] = await once(socket, 'message');
    return String(data);
  }

  it('calls the service if its role may', async () => {
    const socket = await connect(await start(appWith(toQueue, SEND)));
    expect(await answerTo(socket, '{"action":"job"}')).toContain('<SendMessageResult>');
    socket.close();
  });

  it('is refused if its role may not, and the log names the grant', async () => {
    const { webSocketUrl } = await start(appWith(toQueue));
    const socket = new WebSocket(webSocketUrl('chat'));
    const outcome = await new Promise((resolve) => {
      socket.on('open', () => resolve('opened')).on('error', ({ message }) => resolve(message));
    });
    socket.terminate();
    expect(outcome).toBe('Unexpected server response: 403');
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^API Gateway has no permission for sqs:SendMessage on .*: no policy of its role Role allows it\. In the CDK app, this allows it: queue\.grantSendMessages\(role\)$/,
      ),
    );
  });

  it.each<[string, ServiceIntegration, Partial<RuntimeOptions>]>([
    ['where IAM is off', toQueue, { iam: false }],
    ['by a role that the app does not define', { ...toQueue, roleArn: `${ROLE}Elsewhere` }, {}],
  ])('may do everything %s', async (_, integration, options) => {
    const socket = await connect(await start(appWith(integration), options));
    expect(await answerTo(socket, '{"action":"job"}')).toContain('<SendMessageResult>');
    socket.close();
  });
});
