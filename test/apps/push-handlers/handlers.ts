/**
 * What the push apps have in common: they keep the connections, pass a client's message on, and push the result to
 * all connections.
 */
import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';

type WebSocketEvent = APIGatewayProxyWebsocketEventV2;

const { CONNECTIONS = '', QUEUE_URL, TOPIC_ARN, EVENT_BUS, MESSAGES, CALLBACK_URL = '' } = process.env;
const dynamodb = new DynamoDBClient({});

export async function connect({ requestContext }: WebSocketEvent) {
  await dynamodb.send(
    new PutItemCommand({ TableName: CONNECTIONS, Item: { id: { S: requestContext.connectionId } } }),
  );
  return { statusCode: 200 };
}

export async function disconnect({ requestContext }: WebSocketEvent) {
  await dynamodb.send(
    new DeleteItemCommand({ TableName: CONNECTIONS, Key: { id: { S: requestContext.connectionId } } }),
  );
  return { statusCode: 200 };
}

/**
 * Sends a client's message to the service that triggers the push. The URL of an emulator's queue may be known only on
 * the emulator's own host.
 */
export async function message({ body = '', requestContext }: WebSocketEvent) {
  if (QUEUE_URL)
    await new SQSClient({ useQueueUrlAsEndpoint: false }).send(
      new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: body }),
    );
  if (TOPIC_ARN) await new SNSClient({}).send(new PublishCommand({ TopicArn: TOPIC_ARN, Message: body }));
  if (EVENT_BUS) {
    const entry = {
      EventBusName: EVENT_BUS,
      Source: 'chat',
      DetailType: 'Said',
      Detail: JSON.stringify({ text: body }),
    };
    await new EventBridgeClient({}).send(new PutEventsCommand({ Entries: [entry] }));
  }
  if (MESSAGES) {
    const Item = { id: { S: requestContext.requestId }, text: { S: body } };
    await dynamodb.send(new PutItemCommand({ TableName: MESSAGES, Item }));
  }
  return { statusCode: 200 };
}

interface PushEvent {
  /** Of an HTTP request. */
  body?: string;
  Records?: {
    body?: string;
    Sns?: { Message: string };
    dynamodb?: { NewImage?: { text?: { S?: string } } };
  }[];
  detail?: { text?: string };
}

/** Posts the received messages to every connection. */
export async function push({ body: posted, Records = [], detail }: PushEvent) {
  const texts = [
    ...Records.map(({ body, Sns, dynamodb: change }) => body ?? Sns?.Message ?? change?.NewImage?.text?.S),
    detail?.text,
    posted,
  ].filter((text) => text !== undefined);
  const { Items = [] } = await dynamodb.send(
    new ScanCommand({ TableName: CONNECTIONS, ConsistentRead: true }),
  );
  const gateway = new ApiGatewayManagementApiClient({ endpoint: CALLBACK_URL });
  for (const text of texts) {
    for (const { id } of Items) await post(gateway, id?.S ?? '', text);
  }
  // Only an HTTP API reads the result.
  return { statusCode: 202 };
}

async function post(
  gateway: ApiGatewayManagementApiClient,
  ConnectionId: string,
  Data: string,
): Promise<void> {
  try {
    await gateway.send(new PostToConnectionCommand({ ConnectionId, Data }));
  } catch (error) {
    if (!(error instanceof GoneException)) throw error;
  }
}
