/** An app from IAM's point of view: a role with the statements of a test, and one resource of each kind. */
import type { JsonObject } from '../../../local/assembly/values/json';
import type { AccessApp } from '../../../local/iam/access-app';
import { readStatements } from '../../../local/iam/policy-statement';
import { queueSettings } from '../sqs/queue-settings';

export const ACCOUNT = '000000000000';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/Role`;
export const FUNCTION = {
  path: 'Main/Function/Resource',
  functionName: 'fn',
  functionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:fn`,
  roleArn: ROLE,
  runtime: 'nodejs24.x',
  codeDirectory: '/nowhere',
  handler: 'index.handler',
  environment: {},
  timeoutSeconds: 3,
  memoryMegabytes: 128,
};
export const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/Role/fn`;

/** The permissions of one statement of the role. */
export function allow(Action: string, Resource: string): JsonObject {
  return { Effect: 'Allow', Action, Resource };
}

export function accessApp(statements: JsonObject[] = [], more: Partial<AccessApp> = {}): AccessApp {
  return {
    ...{
      region: 'us-east-1',
      accountId: ACCOUNT,
      functions: [FUNCTION],
      apis: [],
      httpApis: [],
      tables: [],
      topics: [],
    },
    ...{ eventBuses: [], storedParameters: [], resourcePolicies: [] },
    queues: [queueSettings()],
    buckets: [
      { path: 'Main/Files', bucketName: 'files', bucketArn: 'arn:aws:s3:::files', notifications: [] },
    ],
    secrets: [
      {
        path: 'Main/Secret',
        name: 'password',
        arn: `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:password-abc123`,
      },
    ],
    roles: [
      {
        path: 'Main/Role',
        roleName: 'Role',
        roleArn: ROLE,
        statements: readStatements({ Statement: statements }),
      },
    ],
    ...more,
  };
}
