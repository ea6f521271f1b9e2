import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { Access, type WantedAccess } from '../../../local/iam/access';
import { denialMessage } from '../../../local/iam/denial';
import type { Identity } from '../../../local/iam/identities';
import { dynamoDbAccess } from '../../../local/iam/requests/dynamodb-access';
import { lambdaAccess } from '../../../local/iam/requests/lambda-access';
import { chatTemplate, readTemplate, type Template } from '../assembly/written-assembly';

const ROLE = 'arn:aws:iam::000000000000:role/Main-Role';
const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/notes';

/** The chat's app, whose function has a role with these statements, and a table. */
function templateWith(statements: JsonObject[], role: JsonObject = {}): Template {
  const template = chatTemplate();
  const { Function: handler } = template.Resources;
  if (handler) handler.Properties.Role = { 'Fn::GetAtt': ['Role', 'Arn'] };
  template.Resources.Role = {
    Type: 'AWS::IAM::Role',
    Properties: { RoleName: 'Main-Role', AssumeRolePolicyDocument: {}, ...role },
  };
  template.Resources.Table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'notes',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    },
  };
  if (statements.length > 0) {
    template.Resources.Policy = {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'p', Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: statements } },
    };
  }
  return template as unknown as Template;
}

function start(template: Template) {
  const app = readTemplate(template);
  const lines: string[] = [];
  const log = { info() {}, error() {}, warn: (text: string) => lines.push(text) };
  const access = new Access({ app, log, nameOf: () => 'Chat', clock: new ManualClock() });
  const [lambdaFunction] = app.functions;
  if (!lambdaFunction) throw new Error('The app has no function.');
  const { functionName } = lambdaFunction;
  const caller: Identity = {
    ...{ kind: 'function', functionName, roleArn: ROLE },
    credentials: access.credentialsOf(lambdaFunction),
  };
  const refusal = (wanted: WantedAccess) => {
    const denial = access.refusal(caller, wanted);
    return denial && denialMessage(denial);
  };
  const asks = (operation: string, input: JsonObject) =>
    dynamoDbAccess(operation, input, app)
      .map(refusal)
      .find((text) => text !== undefined);
  return { app, access, lines, functionName, refusal, asks };
}

const allow = (
  Action: string | string[],
  Resource: JsonObject | string | JsonObject[],
  more: JsonObject = {},
) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...more,
});
const TABLE_ARN = { 'Fn::GetAtt': ['Table', 'Arn'] };

describe('Access', () => {
  it('allows a function what the policies of its role allow, with resolved values of the template', () => {
    const { asks } = start(templateWith([allow('dynamodb:PutItem', TABLE_ARN)]));
    expect(asks('PutItem', { TableName: 'notes', Item: {} })).toBeUndefined();
    expect(asks('PutItem', { TableName: TABLE, Item: {} })).toBeUndefined();
  });

  it("refuses everything else with AWS's message", () => {
    const { asks, functionName } = start(templateWith([allow('dynamodb:GetItem', TABLE_ARN)]));
    expect(asks('PutItem', { TableName: 'notes', Item: {} })).toBe(
      `User: arn:aws:sts::000000000000:assumed-role/Main-Role/${functionName} is not authorized to perform: dynamodb:PutItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:PutItem action`,
    );
  });

  it('logs once who is not allowed to do what, and the grant that allows it', () => {
    const { asks, lines } = start(templateWith([]));
    asks('PutItem', { TableName: 'notes', Item: {} });
    asks('PutItem', { TableName: 'notes', Item: {} });
    expect(lines).toEqual([
      `Chat has no permission for dynamodb:PutItem on Main/Table (${TABLE}): no policy of its role Main-Role allows it. In the CDK app, this allows it: table.grantWriteData(fn)`,
    ]);
  });

  it('logs a denial without a grant, because no grant helps', () => {
    const { asks, lines } = start(
      templateWith([allow('*', '*'), allow('dynamodb:*', '*', { Effect: 'Deny' })]),
    );
    expect(asks('GetItem', { TableName: 'notes', Key: {} })).toContain(
      'with an explicit deny in an identity-based policy',
    );
    expect(lines).toEqual([
      `Chat has no permission for dynamodb:GetItem on Main/Table (${TABLE}): a policy of its role Main-Role denies it.`,
    ]);
  });

  it('reads inline policies, managed policies of the app, and AWS’s managed policies', () => {
    const inline = templateWith([], {
      Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: allow('dynamodb:Scan', '*') } }],
    });
    expect(start(inline).asks('Scan', { TableName: 'notes' })).toBeUndefined();
    const managed = templateWith([], { ManagedPolicyArns: [{ Ref: 'Managed' }] });
    (managed.Resources as JsonObject).Managed = {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { PolicyDocument: { Statement: [allow('dynamodb:Scan', '*')] } },
    };
    expect(start(managed).asks('Scan', { TableName: 'notes' })).toBeUndefined();
    const aws = templateWith([], {
      ManagedPolicyArns: [
        { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/AmazonDynamoDBReadOnlyAccess` },
      ],
    });
    expect(start(aws).asks('Scan', { TableName: 'notes' })).toBeUndefined();
    expect(start(aws).asks('PutItem', { TableName: 'notes' })).toBeDefined();
  });

  it('names an unknown policy, and its effect', () => {
    const { app } = start(
      templateWith([], { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonBraketFullAccess'] }),
    );
    expect(app.notRun).toContainEqual({
      type: 'AWS::IAM::ManagedPolicy',
      path: 'Main/Role',
      reason:
        'its policy AmazonBraketFullAccess is not known to the runtime; add the permissions that the app needs to a policy of the app',
      cost: 'AccessDenied for what only AmazonBraketFullAccess allows Main/Function',
    });
  });

  it('names an unknown condition operator', () => {
    const { app } = start(
      templateWith([allow('dynamodb:*', '*', { Condition: { StringMatches: { 'a:b': 'c' } } })]),
    );
    expect(app.notRun).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining('the condition operator StringMatches') }),
    );
  });

  it('allows everything to a function whose role is not in the app, and logs it', () => {
    const template = templateWith([]);
    const { Function: handler } = template.Resources as Record<string, { Properties: JsonObject }>;
    if (handler) handler.Properties.Role = 'arn:aws:iam::000000000000:role/Elsewhere';
    const { app, access } = start(template);
    const caller: Identity = {
      ...{ kind: 'function', functionName: 'fn', roleArn: 'arn:aws:iam::000000000000:role/Elsewhere' },
      credentials: { accessKeyId: '', secretAccessKey: '' },
    };
    expect(access.refusal(caller, { action: 'dynamodb:PutItem', resource: TABLE })).toBeUndefined();
    expect(app.notRun).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining('which the app does not define') }),
    );
  });

  it('limits a role by its permissions boundary', () => {
    const { asks, lines } = start(
      templateWith([allow('dynamodb:*', '*')], {
        PermissionsBoundary: 'arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess',
      }),
    );
    expect(asks('GetItem', { TableName: 'notes', Key: {} })).toBeUndefined();
    expect(asks('PutItem', { TableName: 'notes', Item: {} })).toContain(
      'because no permissions boundary allows the dynamodb:PutItem action',
    );
    expect(lines[0]).toContain('the permissions boundary of its role Main-Role does not allow it');
  });

  it('uses the policies of a later reading of the app', () => {
    const { access, asks } = start(templateWith([]));
    expect(asks('Scan', { TableName: 'notes' })).toBeDefined();
    access.update(readTemplate(templateWith([allow('dynamodb:Scan', TABLE_ARN)])));
    expect(asks('Scan', { TableName: 'notes' })).toBeUndefined();
  });

  it('makes AWS’s facts about the caller available to conditions', () => {
    const Condition = {
      ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/Main-*' },
      Bool: { 'aws:SecureTransport': 'true' },
    };
    const { asks } = start(templateWith([allow('dynamodb:Scan', '*', { Condition })]));
    expect(asks('Scan', { TableName: 'notes' })).toBeUndefined();
  });
});

describe('the context of a request to DynamoDB', () => {
  const onlyOwn = allow('dynamodb:*', TABLE_ARN, {
    Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['mine'] } },
  });

  it.each<[string, string, JsonObject, string[]]>([
    [
      'an index',
      'Query',
      { TableName: 'notes', IndexName: 'byDay' },
      [`dynamodb:Query ${TABLE}/index/byDay`],
    ],
    [
      'every table of a batch',
      'BatchWriteItem',
      { RequestItems: { notes: [], other: [] } },
      [`dynamodb:BatchWriteItem ${TABLE}`, `dynamodb:BatchWriteItem ${TABLE.replace('notes', 'other')}`],
    ],
    [
      'every action of a transaction',
      'TransactWriteItems',
      { TransactItems: [{ Put: { TableName: 'notes' } }, { ConditionCheck: { TableName: 'notes' } }] },
      [`dynamodb:PutItem ${TABLE}`, `dynamodb:ConditionCheckItem ${TABLE}`],
    ],
    ['no table', 'ListTables', {}, ['dynamodb:ListTables *']],
    ['no stream', 'ListStreams', { TableName: 'notes' }, ['dynamodb:ListStreams *']],
    [
      'a stream',
      'DescribeStream',
      { StreamArn: `${TABLE}/stream/now` },
      [`dynamodb:DescribeStream ${TABLE}/stream/now`],
    ],
    [
      'the stream of an iterator',
      'GetRecords',
      { ShardIterator: `${TABLE}/stream/now|1|AAAA` },
      [`dynamodb:GetRecords ${TABLE}/stream/now`],
    ],
    [
      'a statement of PartiQL',
      'ExecuteStatement',
      { Statement: 'UPDATE "notes" SET a = 1' },
      [`dynamodb:PartiQLUpdate ${TABLE}`],
    ],
  ])('is about %s', (_, operation, input, expected) => {
    const { app } = start(templateWith([]));
    const wanted = dynamoDbAccess(operation, input, app).map(
      ({ action, resource }) => `${action} ${resource}`,
    );
    expect(wanted).toEqual(expected);
  });

  it.each<[string, string, JsonObject, boolean]>([
    ['an item', 'PutItem', { Item: { id: { S: 'mine' } } }, true],
    ["somebody else's item", 'PutItem', { Item: { id: { S: 'theirs' } } }, false],
    ['a key', 'GetItem', { Key: { id: { S: 'mine' } } }, true],
    [
      'the key of a query',
      'Query',
      {
        KeyConditionExpression: '#k = :k',
        ExpressionAttributeNames: { '#k': 'id' },
        ExpressionAttributeValues: { ':k': { S: 'theirs' } },
      },
      false,
    ],
  ])('has the leading key of %s', (_, operation, input, isAllowed) => {
    const { asks } = start(templateWith([onlyOwn]));
    expect(asks(operation, { TableName: 'notes', ...input }) === undefined).toBe(isAllowed);
  });

  it('has the leading keys of all parts of a batch', () => {
    const { asks } = start(templateWith([onlyOwn]));
    const put = (id: string) => ({ PutRequest: { Item: { id: { S: id } } } });
    expect(asks('BatchWriteItem', { RequestItems: { notes: [put('mine'), put('mine')] } })).toBeUndefined();
    expect(asks('BatchWriteItem', { RequestItems: { notes: [put('mine'), put('theirs')] } })).toBeDefined();
  });

  it.each<[string, string, JsonObject]>([
    [
      'a key that a query does not have',
      'Query',
      {
        ...{ TableName: 'notes', KeyConditionExpression: 'id = :k', Key: { id: { S: 'mine' } } },
        ExpressionAttributeValues: { ':k': { S: 'theirs' } },
      },
    ],
    [
      'a key that an item does not have',
      'PutItem',
      { TableName: 'notes', Item: { id: { S: 'theirs' } }, Key: { id: { S: 'mine' } } },
    ],
    [
      'a key that an item of a batch does not have',
      'BatchWriteItem',
      {
        RequestItems: {
          notes: [{ PutRequest: { Item: { id: { S: 'theirs' } }, Key: { id: { S: 'mine' } } } }],
        },
      },
    ],
    [
      'a key that an item of a transaction does not have',
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'notes', Item: { id: { S: 'theirs' } }, Key: { id: { S: 'mine' } } } },
        ],
      },
    ],
    [
      'the order of a condition',
      'Query',
      {
        ...{ TableName: 'notes', KeyConditionExpression: ':k = id' },
        ExpressionAttributeValues: { ':k': { S: 'theirs' } },
      },
    ],
  ])('has leading keys that do not depend on %s', (_, operation, input) => {
    const { asks } = start(templateWith([onlyOwn]));
    expect(asks(operation, input)).toBeDefined();
  });

  it.each<[string, JsonObject]>([
    ['GetItem', { TableName: 'notes', Key: {}, IndexName: 'byDay' }],
    ['TagResource', { ResourceArn: TABLE, TableName: 'other' }],
  ])('is about the table of %s, whatever members it does not have', (operation, input) => {
    const { app } = start(templateWith([]));
    expect(dynamoDbAccess(operation, input, app).map(({ resource }) => resource)).toEqual([TABLE]);
  });

  it('has the attributes only of members that the operation has', () => {
    const { app } = start(templateWith([]));
    const input = { TableName: 'notes', Key: { id: { S: 'x' } }, ScanFilter: { other: {} } };
    const [wanted] = dynamoDbAccess('GetItem', input, app);
    expect(wanted?.context?.('dynamodb:attributes')).toEqual(['id']);
  });
});

describe('the context of a request to Lambda', () => {
  const INVOKE = '/2015-03-31/functions';

  it.each([
    ['fn:green', '?Qualifier=blue', ':green'],
    ['fn:green', '?Qualifier=', ':green'],
    ['fn', '?Qualifier=blue', ':blue'],
    ['fn', '?Qualifier=', ''],
  ])('has the qualifier that Invoke reads from %s%s', (name, query, qualifier) => {
    const { app } = start(templateWith([]));
    expect(lambdaAccess('POST', `${INVOKE}/${name}/invocations${query}`, app)).toEqual([
      {
        action: 'lambda:InvokeFunction',
        resource: `arn:aws:lambda:us-east-1:000000000000:function:fn${qualifier}`,
      },
    ]);
  });
});
