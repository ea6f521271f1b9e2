import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  LambdaClient,
  ListFunctionsCommand,
  type ListFunctionsCommandInput,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import type { LambdaFunction } from '../../../local/assembly/model';
import { functionList } from '../../../local/lambda/function-list';

const named = (functionName: string, more: Partial<LambdaFunction> = {}): LambdaFunction => ({
  path: `App/${functionName}`,
  functionName,
  functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
  runtime: 'nodejs24.x',
  codeDirectory: '/code',
  handler: 'index.handler',
  environment: { SECRET: 'of nobody’s business' },
  timeoutSeconds: 30,
  memoryMegabytes: 128,
  ...more,
});

describe('ListFunctions', () => {
  let functions: LambdaFunction[] = [];
  let server: Server;
  let client: LambdaClient;

  beforeAll(async () => {
    const handle = functionList(() => functions);
    server = createServer((request, response) => {
      if (!handle(request, response)) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new LambdaClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  });
  afterAll(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('returns the configuration of a function, without environment variables', async () => {
    functions = [named('Closer', { roleArn: 'arn:aws:iam::000000000000:role/Closer' })];
    const { Functions, NextMarker } = await client.send(new ListFunctionsCommand({}));
    expect(Functions).toEqual([
      {
        FunctionName: 'Closer',
        FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Closer',
        ...{ Runtime: 'nodejs24.x', Handler: 'index.handler', PackageType: 'Zip', Version: '$LATEST' },
        ...{ Role: 'arn:aws:iam::000000000000:role/Closer', Timeout: 30, MemorySize: 128 },
      },
    ]);
    expect(NextMarker).toBeUndefined();
  });

  it('returns pages of 50 or of the requested size, with each function once', async () => {
    functions = Array.from({ length: 120 }, (_, n) => named(`F${n}`));
    const sizes: (number | undefined)[] = [];
    const names: (string | undefined)[] = [];
    for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
      sizes.push(Functions.length);
      names.push(...Functions.map(({ FunctionName }) => FunctionName));
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(names.sort()).toEqual(functions.map(({ functionName }) => functionName).sort());
    expect((await client.send(new ListFunctionsCommand({ MaxItems: 2 }))).Functions).toHaveLength(2);
  });

  it('continues after a function that was removed in the meantime', async () => {
    functions = ['a', 'b', 'c'].map((name) => named(name));
    const { NextMarker: Marker } = await client.send(new ListFunctionsCommand({ MaxItems: 2 }));
    functions = ['a', 'c'].map((name) => named(name));
    const { Functions } = await client.send(new ListFunctionsCommand({ Marker }));
    expect(Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['c']);
  });

  it('includes published versions if all are requested', async () => {
    functions = [named('Closer', { qualifiers: { live: '1', 1: '1' } })];
    const { Functions } = await client.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));
    expect(Functions?.map(({ FunctionArn, Version }) => [Version, FunctionArn?.split(':').at(-1)])).toEqual([
      ['$LATEST', 'Closer'],
      ['1', '1'],
    ]);
  });

  it.each<[ListFunctionsCommandInput, string, RegExp]>([
    [{ MaxItems: 0 }, 'ValidationException', /Value '0' at 'maxItems' .* greater than or equal to 1$/],
    [{ MaxItems: 10_001 }, 'ValidationException', /Value '10001' at 'maxItems' .* or equal to 10000$/],
    [
      { FunctionVersion: 'LAST' as 'ALL' },
      'ValidationException',
      /Value 'LAST' at 'functionVersion' .*\[ALL\]$/,
    ],
    [{ Marker: '???' }, 'InvalidParameterValueException', /Marker/],
  ])('refuses %p', async (input, name, message) => {
    await expect(client.send(new ListFunctionsCommand(input))).rejects.toMatchObject({
      ...{ name, message: expect.stringMatching(message) },
      $metadata: { httpStatusCode: 400 },
    });
  });
});
