/**
 * Runs one DynamoDB on a TCP port of 127.0.0.1: the runtime's own, the same with signatures and policies, or
 * dynalite. Sends its port to the parent process, and its CPU time on request.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../local/clock';
import { LocalDynamoDb } from '../local/dynamodb/local-dynamodb';
import { Access, type AccessApp } from '../local/iam/access';
import { readStatements } from '../local/iam/policy-statement';
import { silentLog } from '../local/log';

const REGION = 'us-east-1';
const ACCOUNT_ID = '000000000000';
const KEEP_ALIVE_MILLIS = 60_000;

/** A function's credentials; undefined if they are not checked. */
export interface Started {
  port: number;
  credentials?: ReturnType<Access['credentialsOf']>;
}

const FUNCTION = {
  functionName: 'bench',
  functionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:bench`,
  roleArn: `arn:aws:iam::${ACCOUNT_ID}:role/bench`,
};

/** The permissions of the CDK's `grantReadWriteData`, and those to set up the table. */
const POLICY = {
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'BatchGetItem',
        'Query',
        'GetItem',
        'Scan',
        'BatchWriteItem',
        'PutItem',
        'UpdateItem',
        'DeleteItem',
      ]
        .concat('DescribeTable', 'CreateTable')
        .map((action) => `dynamodb:${action}`),
      Resource: [`arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/Bench`],
    },
  ],
};

function benchAccess(): Access {
  const none = { apis: [], httpApis: [], tables: [], buckets: [], queues: [], topics: [], eventBuses: [] };
  const app = {
    ...{ region: REGION, accountId: ACCOUNT_ID, ...none, storedParameters: [], secrets: [] },
    ...{ functions: [FUNCTION], resourcePolicies: [] },
    roles: [
      { path: 'bench', roleName: 'bench', roleArn: FUNCTION.roleArn, statements: readStatements(POLICY) },
    ],
  } as unknown as AccessApp;
  return new Access({ app, log: silentLog, nameOf: (name) => name, clock: systemClock });
}

async function ownServer(access?: Access): Promise<Server> {
  const { handler } = await LocalDynamoDb.start({
    ...{ region: REGION, accountId: ACCOUNT_ID, tables: [], clock: systemClock, log: silentLog, access },
  });
  return createServer((request, response) => void handler.handle(request, response));
}

async function dynaliteServer(): Promise<Server> {
  const { default: dynalite } = await import('dynalite' as string);
  return dynalite({ createTableMs: 0 });
}

async function main(): Promise<void> {
  const access = process.argv[2] === 'iam' ? benchAccess() : undefined;
  const server = process.argv[2] === 'dynalite' ? await dynaliteServer() : await ownServer(access);
  // A connection is idle while the next requests are signed, and while the other server is measured.
  server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
  server.listen(0, '127.0.0.1', () => {
    const started: Started = {
      port: (server.address() as AddressInfo).port,
      ...(access && { credentials: access.credentialsOf(FUNCTION as never) }),
    };
    process.send?.(started);
  });
  process.on('message', () => process.send?.(process.cpuUsage()));
  process.on('disconnect', () => process.exit());
}

void main();
