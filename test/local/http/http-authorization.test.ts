import type { HttpApi, ResourcePolicy } from '../../../local/assembly/model';
import type { JsonObject } from '../../../local/assembly/values/json';
import { readStatements } from '../../../local/iam/policy-statement';
import { ACCOUNT, allow, FUNCTION, ROLE, SESSION } from '../iam/access-app';
import { LAMBDA, PERSON, runningHttp } from './running-http';

const start = runningHttp();
const ARN = `arn:aws:execute-api:us-east-1:${ACCOUNT}`;
const INVOKE = 'execute-api:Invoke';
const OTHER_SECRET = { ...PERSON, secretAccessKey: 'other' };
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

const rest: HttpApi = {
  kind: 'REST',
  path: 'Main/Rest/Resource',
  apiId: 'restapi123',
  name: 'Rest',
  stages: [{ stageName: 'prod', variables: {} }],
  routes: [
    {
      path: 'm1',
      method: 'ANY',
      resource: '/rooms/{id}',
      integration: { ...LAMBDA, payloadFormat: '1.0' },
      authorization: 'AWS_IAM',
    },
    { path: 'm2', method: 'GET', resource: '/open', integration: { ...LAMBDA, payloadFormat: '1.0' } },
  ],
  binaryMediaTypes: [],
};
const http: HttpApi = {
  kind: 'HTTP',
  path: 'Main/Http/Resource',
  apiId: 'httpapi123',
  name: 'Http',
  stages: [{ stageName: '$default', variables: {} }],
  routes: [
    {
      path: 'r1',
      method: 'ANY',
      resource: '/rooms/{id}',
      integration: LAMBDA,
      authorization: 'AWS_IAM',
    },
    {
      path: 'r2',
      method: 'GET',
      resource: '/old',
      integration: { ...LAMBDA, payloadFormat: '1.0' },
      authorization: 'AWS_IAM',
    },
    { path: 'r3', method: 'GET', resource: '/open', integration: LAMBDA },
  ],
  binaryMediaTypes: [],
};
const url: HttpApi = {
  kind: 'FUNCTION_URL',
  path: 'Main/Function/FunctionUrl/Resource',
  apiId: 'a'.repeat(32),
  name: 'fn',
  functionArn: FUNCTION.functionArn,
  stages: [{ stageName: '$default', variables: {} }],
  routes: [
    {
      path: 'u',
      method: 'ANY',
      resource: '$default',
      integration: { ...LAMBDA, timeoutMillis: 900_000 },
      authorization: 'AWS_IAM',
    },
  ],
  binaryMediaTypes: [],
};

/** A REST API's own policy. */
function policyOf(...Statement: JsonObject[]): ResourcePolicy[] {
  return [{ resourceArn: `${ARN}:${rest.apiId}`, statements: readStatements({ Statement }) }];
}

describe('A REST API that uses IAM', () => {
  const path = '/restapi123/prod/rooms/7';

  it('runs the function for a signed request, with the caller’s identity', async () => {
    const apis = await start([rest]);
    expect(
      await apis.signed(`${path}?x=a%20b`, { credentials: PERSON, method: 'POST', body: 'hello' }),
    ).toEqual({
      ...{ status: 200, body: 'ran', errorType: null },
    });
    const user = expect.stringMatching(/^AIDA[A-Z0-9]{17}$/);
    expect(apis.events[0]?.requestContext).toMatchObject({
      accountId: ACCOUNT,
      identity: {
        ...{ accountId: ACCOUNT, accessKey: 'local', caller: user, user, sourceIp: '127.0.0.1' },
        ...{ userArn: `arn:aws:iam::${ACCOUNT}:user/local`, cognitoIdentityId: null },
      },
    });
  });

  it('accepts a presigned URL', async () => {
    const apis = await start([rest]);
    expect(await apis.presigned(path, PERSON)).toMatchObject({ status: 200 });
  });

  it('refuses an unsigned request with AWS’s message', async () => {
    const apis = await start([rest]);
    expect(await apis.call(path)).toEqual({
      status: 403,
      errorType: 'MissingAuthenticationTokenException',
      body: '{"message":"Missing Authentication Token"}',
    });
    expect(apis.events).toEqual([]);
  });

  it('refuses the signature of another secret, of another service, and of another body', async () => {
    const apis = await start([rest]);
    expect(await apis.signed(path, { credentials: OTHER_SECRET })).toEqual({
      ...{ status: 403, errorType: 'InvalidSignatureException', body: JSON.stringify({ message: MISMATCH }) },
    });
    expect(await apis.signed(path, { credentials: PERSON, service: 'lambda' })).toMatchObject({
      status: 403,
      body: `{"message":"Credential should be scoped to correct service: 'execute-api'. "}`,
    });
    expect(apis.events).toEqual([]);
  });

  it("checks the caller's policies for the method and the path", async () => {
    const apis = await start([rest]);
    const credentials = apis.ofFunction;
    apis.allow([allow(INVOKE, `${ARN}:${rest.apiId}/prod/POST/rooms/7`)]);
    expect(await apis.signed(path, { credentials, method: 'POST' })).toMatchObject({ status: 200 });
    expect(await apis.signed(path, { credentials })).toEqual({
      status: 403,
      errorType: 'AccessDeniedException',
      body: JSON.stringify({
        Message: `User: ${SESSION} is not authorized to perform: ${INVOKE} on resource: arn:aws:execute-api:us-east-1:********0000:restapi123/prod/GET/rooms/7 because no identity-based policy allows the execute-api:Invoke action`,
      }),
    });
    expect(apis.lines).toEqual([
      `Rooms has no permission for ${INVOKE} on Main/Rest (${ARN}:restapi123/prod/GET/rooms/7): no policy of its role Role allows it. In the CDK app, this allows it: method.grantExecute(fn), or httpRoute.grantInvoke(fn) for an HTTP API`,
    ]);
  });

  it('tells the function about a caller with a role', async () => {
    const apis = await start([rest]);
    apis.allow([allow(INVOKE, '*')]);
    await apis.signed(path, { credentials: apis.ofFunction });
    expect(apis.events[0]?.requestContext).toMatchObject({
      identity: {
        ...{ userArn: SESSION, caller: expect.stringMatching(/^AROA[A-Z0-9]{17}:fn$/) },
        accessKey: apis.ofFunction.accessKeyId,
      },
    });
  });

  it("accepts a caller that the API's own policy names, even without a policy of the role", async () => {
    const apis = await start([rest]);
    const statement = {
      Effect: 'Allow',
      Action: INVOKE,
      Resource: `${ARN}:restapi123/*`,
      Principal: { AWS: ROLE },
    };
    apis.allow([], policyOf(statement));
    expect(await apis.signed(path, { credentials: apis.ofFunction })).toMatchObject({ status: 200 });
  });

  it("refuses what the API's own policy denies, whatever the role allows", async () => {
    const apis = await start([rest]);
    const statement = {
      Effect: 'Deny',
      Action: INVOKE,
      Resource: `${ARN}:restapi123/*/GET/*`,
      Principal: '*',
    };
    apis.allow([allow(INVOKE, '*')], policyOf(statement));
    const reply = await apis.signed(path, { credentials: apis.ofFunction });
    expect([reply.status, JSON.parse(reply.body)]).toEqual([
      403,
      {
        Message: `User: ${SESSION} is not authorized to perform: ${INVOKE} on resource: arn:aws:execute-api:us-east-1:********0000:restapi123/prod/GET/rooms/7 with an explicit deny in a resource-based policy`,
      },
    ]);
    expect(await apis.signed(path, { credentials: apis.ofFunction, method: 'POST' })).toMatchObject({
      status: 200,
    });
  });

  it("refuses to a person what the API's own policy denies, and logs it", async () => {
    const apis = await start([rest]);
    apis.allow([], policyOf({ Effect: 'Deny', Action: INVOKE, Resource: '*', Principal: '*' }));
    expect(await apis.signed(path, { credentials: PERSON })).toMatchObject({ status: 403 });
    expect(apis.lines).toEqual([
      `The policy of Main/Rest denies you ${INVOKE} on ${ARN}:restapi123/prod/GET/rooms/7, as it would deny it to an administrator on AWS. --no-iam turns policies off.`,
    ]);
  });

  it('accepts everyone if IAM is off', async () => {
    const apis = await start([rest], { iam: false });
    expect(await apis.call(path)).toMatchObject({ status: 200 });
  });
});

describe('An open method of a REST API with a policy', () => {
  const path = '/restapi123/prod/open';
  const resource = `${ARN}:restapi123/prod/GET/open`;
  const from = (range: string): JsonObject => ({ IpAddress: { 'aws:SourceIp': range } });
  const everyone = (Effect: 'Allow' | 'Deny', Condition?: JsonObject): JsonObject => ({
    ...{ Effect, Action: INVOKE, Resource: resource, Principal: '*' },
    ...(Condition && { Condition }),
  });

  it.each<[string, JsonObject[], number]>([
    ['allows everyone', [everyone('Allow')], 200],
    ['allows this address', [everyone('Allow', from('127.0.0.0/8'))], 200],
    ['allows another address', [everyone('Allow', from('192.0.2.0/24'))], 403],
    ['denies this address', [everyone('Allow'), everyone('Deny', from('127.0.0.1'))], 403],
    ['allows only a role', [{ ...everyone('Allow'), Principal: { AWS: ROLE } }], 403],
    ['is about another path', [{ ...everyone('Allow'), Resource: `${ARN}:restapi123/prod/GET/other` }], 403],
  ])('that %s is checked for unsigned requests', async (_, statements, status) => {
    const apis = await start([rest]);
    apis.allow([], policyOf(...statements));
    expect(await apis.call(path)).toMatchObject({ status });
    expect(apis.events).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['nothing allows', [], 'because no resource-based policy allows the execute-api:Invoke action'],
    ['it denies', [everyone('Deny')], 'with an explicit deny in a resource-based policy'],
  ])('refuses with AWS’s message if %s', async (_, denying, end) => {
    const apis = await start([rest]);
    apis.allow([], policyOf(everyone('Allow', from('192.0.2.0/24')), ...denying));
    expect(await apis.call(path)).toEqual({
      status: 403,
      errorType: 'AccessDeniedException',
      body: JSON.stringify({
        Message: `User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:restapi123/prod/GET/open ${end}`,
      }),
    });
    expect(apis.lines).toEqual([
      expect.stringMatching(
        /^The policy of Main\/Rest (does not allow|denies) GET \/open from 127\.0\.0\.1 without a signature\./,
      ),
    ]);
  });

  it('has the same ARN with a trailing slash, which routes ignore', async () => {
    const apis = await start([rest]);
    apis.allow([], policyOf({ ...everyone('Allow'), Resource: '*' }, everyone('Deny')));
    expect(await apis.call(`${path}/`)).toMatchObject({ status: 403 });
  });

  it('is open without a policy', async () => {
    const apis = await start([rest]);
    expect(await apis.call(path)).toMatchObject({ status: 200 });
  });
});

describe('An HTTP API that uses IAM', () => {
  const path = '/httpapi123/rooms/7';

  it('tells the function who the caller is, in both payload formats', async () => {
    const apis = await start([http]);
    apis.allow([allow(INVOKE, '*')]);
    await apis.signed(path, { credentials: apis.ofFunction });
    await apis.signed('/httpapi123/old', { credentials: apis.ofFunction });
    const user = expect.stringMatching(/^AROA[A-Z0-9]{17}:fn$/);
    const { accessKeyId: accessKey } = apis.ofFunction;
    expect(apis.events.map(({ requestContext }) => requestContext)).toEqual([
      expect.objectContaining({
        accountId: ACCOUNT,
        authorizer: {
          iam: {
            ...{ accessKey, accountId: ACCOUNT, callerId: user, cognitoIdentity: null },
            ...{ principalOrgId: null, userArn: SESSION, userId: user },
          },
        },
      }),
      expect.objectContaining({
        identity: expect.objectContaining({
          accessKey,
          accountId: ACCOUNT,
          caller: user,
          user,
          userArn: SESSION,
        }),
      }),
    ]);
  });

  it('refuses a missing signature, a wrong one, and a missing permission, always with Forbidden', async () => {
    const apis = await start([http]);
    const forbidden = { status: 403, errorType: null, body: '{"message":"Forbidden"}' };
    expect(await apis.call(path)).toEqual(forbidden);
    expect(await apis.signed(path, { credentials: OTHER_SECRET })).toEqual(forbidden);
    expect(await apis.signed(path, { credentials: apis.ofFunction })).toEqual(forbidden);
    expect(apis.events).toEqual([]);
  });

  it("checks the caller's policies for the stage $default", async () => {
    const apis = await start([http]);
    apis.allow([allow(INVOKE, `${ARN}:httpapi123/$default/GET/rooms/*`)]);
    expect(await apis.signed(path, { credentials: apis.ofFunction })).toMatchObject({ status: 200 });
    expect(await apis.signed(path, { credentials: apis.ofFunction, method: 'POST' })).toMatchObject({
      status: 403,
    });
  });

  it('keeps open routes open', async () => {
    const apis = await start([http]);
    expect(await apis.call('/httpapi123/open')).toMatchObject({ status: 200 });
  });
});

describe('A function URL that uses IAM', () => {
  const path = `/${url.apiId}/x`;
  const viaUrl = {
    ...allow('lambda:InvokeFunctionUrl', FUNCTION.functionArn),
    Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
  };
  const invoke = {
    ...allow('lambda:InvokeFunction', FUNCTION.functionArn),
    Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  };
  const FORBIDDEN = JSON.stringify({
    Message:
      'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
  });

  it('runs the function for a caller with both permissions, with the caller’s identity', async () => {
    const apis = await start([url]);
    apis.allow([viaUrl, invoke]);
    const { ofFunction: credentials } = apis;
    expect(await apis.signed(path, { credentials, service: 'lambda' })).toMatchObject({ status: 200 });
    const user = expect.stringMatching(/^AROA[A-Z0-9]{17}:fn$/);
    expect(apis.events[0]?.requestContext).toMatchObject({
      accountId: ACCOUNT,
      authorizer: {
        iam: {
          ...{
            accessKey: credentials.accessKeyId,
            accountId: ACCOUNT,
            callerId: user,
            cognitoIdentity: null,
          },
          ...{ principalOrgId: null, userArn: SESSION, userId: user },
        },
      },
    });
  });

  it.each<[string, JsonObject[]]>([
    ['lambda:InvokeFunctionUrl', [invoke]],
    ['lambda:InvokeFunction', [viaUrl]],
  ])('refuses a caller without %s', async (action, statements) => {
    const apis = await start([url]);
    apis.allow(statements);
    expect(await apis.signed(path, { credentials: apis.ofFunction, service: 'lambda' })).toEqual({
      ...{ status: 403, errorType: 'AccessDeniedException', body: FORBIDDEN },
    });
    expect(apis.lines).toEqual([expect.stringContaining(`Rooms has no permission for ${action} on`)]);
  });

  it('refuses a request without a signature, or with a signature for API Gateway', async () => {
    const apis = await start([url]);
    expect(await apis.call(path)).toEqual({
      ...{ status: 403, errorType: 'AccessDeniedException', body: FORBIDDEN },
    });
    expect(await apis.signed(path, { credentials: PERSON })).toMatchObject({
      status: 403,
      body: `{"message":"Credential should be scoped to correct service: 'lambda'. "}`,
    });
  });

  it('also checks the policy of the function', async () => {
    const apis = await start([url]);
    const resourceArn = FUNCTION.functionArn;
    const Principal = { AWS: ROLE };
    const statements = readStatements({
      Statement: [
        { ...viaUrl, Principal },
        { ...invoke, Principal },
      ],
    });
    apis.allow([], [{ resourceArn, statements }]);
    expect(await apis.signed(path, { credentials: apis.ofFunction, service: 'lambda' })).toMatchObject({
      status: 200,
    });
  });
});
