import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { StackDescriptions } from '../../../local/cloudformation/stack-descriptions';

const STARTED_AT = Date.UTC(2026, 10, 30, 9, 15);
const stackId = (name: string) => `arn:aws:cloudformation:us-east-1:000000000000:stack/${name}/1`;

describe('StackDescriptions', () => {
  let server: Server;
  let client: CloudFormationClient;

  beforeAll(async () => {
    const descriptions = new StackDescriptions(
      () => ({
        stacks: [
          { name: 'Main', stackId: stackId('Main'), description: 'Everything <else>' },
          { name: 'Empty', stackId: stackId('Empty') },
        ],
        outputs: [
          { stack: 'Main', name: 'Service', value: '{"service":"chat & co"}', description: 'chat' },
          { stack: 'Main', name: 'Url', value: 'wss://here' },
        ],
      }),
      STARTED_AT,
    );
    server = createServer((request, response) => void descriptions.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new CloudFormationClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
  });
  afterAll(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const describeStacks = async (StackName?: string) =>
    (await client.send(new DescribeStacksCommand({ StackName }))).Stacks;

  it('describes a stack by its name, with its outputs', async () => {
    expect(await describeStacks('Main')).toEqual([
      {
        StackName: 'Main',
        StackId: stackId('Main'),
        Description: 'Everything <else>',
        CreationTime: new Date(STARTED_AT),
        StackStatus: 'CREATE_COMPLETE',
        Outputs: [
          { OutputKey: 'Service', OutputValue: '{"service":"chat & co"}', Description: 'chat' },
          { OutputKey: 'Url', OutputValue: 'wss://here' },
        ],
      },
    ]);
  });

  it('describes a stack by its id', async () => {
    expect(await describeStacks(stackId('Empty'))).toMatchObject([{ StackName: 'Empty' }]);
  });

  it('describes every stack of the app if none is named', async () => {
    expect((await describeStacks())?.map(({ StackName }) => StackName)).toEqual(['Main', 'Empty']);
  });

  it('reports other stacks as missing', async () => {
    await expect(describeStacks('Other')).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id Other does not exist',
    });
  });

  it('reports an unsupported action', async () => {
    await expect(client.send(new ListStacksCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
      message: 'The runtime supports only DescribeStacks of CloudFormation, not "ListStacks".',
    });
  });
});
