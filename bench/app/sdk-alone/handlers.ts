/** Only the SDK's clients and commands that the library uses: the baseline for import time and size. */
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';

export const clients = [ApiGatewayManagementApiClient, DynamoDBClient, DynamoDBDocumentClient, LambdaClient];
export const commands = [
  InvokeCommand,
  ...[DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand],
];
