import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { App } from 'aws-cdk-lib';
import { OtherLanguages } from '../apps/other-languages/stack';
import { SocketClient } from '../runtime/socket-client';
import { assemblyDirectory, deployAssembly } from './deployment';
import { Ministack } from './ministack';

jest.setTimeout(180_000);

describe('functions in other languages, deployed', () => {
  let ministack: Ministack;
  let outputs: Record<string, string>;

  beforeAll(async () => {
    ministack = await Ministack.start();
    const app = new App({ outdir: assemblyDirectory(ministack) });
    // ministack refuses a template with AWS::ApiGatewayV2::RouteResponse, and sends a function's body without one.
    new OtherLanguages(app, false);
    app.synth();
    outputs = (await deployAssembly(ministack)).OtherLanguages ?? {};
  });
  afterAll(() => ministack?.stop());

  const connect = (output: string) => {
    const { host, pathname } = new URL(outputs[output] ?? '');
    return SocketClient.connect(`ws://127.0.0.1:${ministack.port}${pathname}`, [], {
      headers: { Host: host },
    });
  };

  /**
   * Does not include messages to others: ministack redirects a Node.js function to `https://{apiId}.execute-api.…`,
   * but not a Python function, whose boto3 looks for that host on the internet.
   */
  it('chat in Python: the function stores who is there', async () => {
    const database = new DynamoDBClient(ministack.client);
    const count = async () =>
      (await database.send(new ScanCommand({ TableName: outputs.ConnectionTable, Select: 'COUNT' }))).Count;
    const [ada, bob] = [await connect('ChatUrl'), await connect('ChatUrl')];
    expect(await count()).toBe(2);
    await Promise.all([ada.close(), bob.close()]);
    database.destroy();
  });

  it('echo with a bootstrap in shell', async () => {
    const client = await connect('EchoUrl');
    client.send('one');
    expect(await client.hears()).toContain('one');
    await client.close();
  });
});
