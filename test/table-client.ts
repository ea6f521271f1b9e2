/** A client for tables that a test reads directly: at a URL, or at the path of the embedded DynamoDB's socket. */
import { Agent } from 'node:http';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export function tableClient(address: string, options: DynamoDBClientConfig = {}): DynamoDBClient {
  const isUrl = URL.canParse(address);
  return new DynamoDBClient({
    endpoint: isUrl ? address : 'http://localhost',
    ...(!isUrl && {
      requestHandler: new NodeHttpHandler({
        httpAgent: new Agent({ keepAlive: true, socketPath: address } as object),
      }),
    }),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    ...options,
  });
}
