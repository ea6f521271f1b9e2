/** Who may connect. */
import assert from 'node:assert/strict';
import { type Case, type Section, SOURCES } from '../case';

function refuses(what: string, token: string, status: number, source: string): Case {
  return {
    fact: `${what}: ${status}`,
    source,
    apis: ['guarded'],
    run: async ({ guarded }) => {
      assert.equal((await guarded.refusal({ query: `token=${token}` })).status, status);
    },
  };
}

export const authorizers: Section = {
  title: 'Authorizers, IAM, throttling',
  cases: [
    {
      fact: 'Without the identity source, the response is 401',
      source: SOURCES.authorizers,
      apis: ['guarded'],
      run: async ({ guarded }) => {
        assert.equal((await guarded.refusal()).status, 401);
        assert.equal((await guarded.refusal({ query: 'token=' })).status, 401);
      },
    },
    refuses('A policy that denies', 'deny', 403, SOURCES.offline),
    refuses('A policy for another route', 'another-route', 403, 'powertools-lambda-python #5800'),
    refuses('An authorizer that throws "Unauthorized"', 'unauthorized', 401, 'localstack #6368'),
    refuses('An authorizer that throws anything else', 'crash', 500, 'serverless/examples #557'),
    refuses('An authorizer whose response is not a policy', 'malformed', 500, 'serverless/examples #557'),
    refuses('An authorizer’s response without a principalId', 'no-principal', 500, 'inferred from REST APIs'),
    refuses('An authorizer’s response of more than 8 KB', 'too-large', 500, SOURCES.quotas),
    {
      fact: 'Context and principal are in every event; integrationLatency is a number in CONNECT only',
      source: 'published event dumps; serverless-offline #1379',
      apis: ['guarded'],
      run: async ({ guarded }) => {
        const socket = await guarded.connect({ query: 'token=allow' });
        const message = await socket.event('any');
        assert.deepEqual(message.requestContext.authorizer, {
          ...{ text: 'blue', number: '7', flag: 'true', principalId: 'ada' },
        });
        const { CONNECT } = await socket.keptEvents();
        const { integrationLatency, ...rest } = CONNECT.requestContext.authorizer;
        assert.equal(typeof integrationLatency, 'number');
        assert.deepEqual(rest, message.requestContext.authorizer);
        await socket.close();
      },
    },
    {
      fact: 'The authorizer’s event: type, method ARN, headers with Connection and Upgrade, queries, stage variables, context',
      source: SOURCES.authorizers,
      apis: ['guarded'],
      run: async ({ guarded }) => {
        const socket = await guarded.connect({ query: 'token=event' });
        const event = JSON.parse((await socket.event('any')).requestContext.authorizer.event);
        assert.equal(event.type, 'REQUEST');
        assert.match(
          event.methodArn,
          /^arn:aws:execute-api:[a-z0-9-]+:\d{12}:[a-z0-9]+\/guarded\/\$connect$/,
        );
        assert.deepEqual(event.queryStringParameters, { token: 'event' });
        assert.deepEqual(event.stageVariables, {});
        assert.deepEqual(
          [event.headers.Connection, event.headers.Upgrade].map((text) => text.toLowerCase()),
          ['upgrade', 'websocket'],
        );
        assert.equal(event.headers['content-length'], '0');
        assert.match(event.requestContext.connectionId, /^[\w-]{15}=$/);
        for (const absent of ['path', 'httpMethod', 'body', 'isBase64Encoded'])
          assert.equal(event[absent], undefined);
        await socket.close();
      },
    },
    {
      fact: 'IAM on $connect: an unsigned handshake is refused with 403',
      source: 'inferred from REST APIs; "401 or 403" in the Developer Guide',
      apis: ['signed'],
      run: async ({ signed }) => {
        assert.equal((await signed.refusal()).status, 403);
      },
    },
    {
      fact: 'A stage whose throttle is 0 refuses handshakes with 429',
      source: 'terraform-aws-apigateway-v2 #8',
      apis: ['throttled'],
      run: async ({ throttled }) => {
        assert.equal((await throttled.refusal()).status, 429);
      },
    },
  ],
  others: [
    {
      fact: 'IAM on $connect: a presigned URL or signed headers open the connection if the policies allow execute-api:Invoke on it; later messages are not checked',
      source: 'Developer Guide; awsdocs #121',
      test: 'test/local/gateway/signed-callers.test.ts',
    },
    {
      fact: '@connections without execute-api:ManageConnections: 403 AccessDeniedException, with the account masked and {connectionId} for the id',
      source: 'aws-cdk #18410 and other reports of people',
      test: 'test/local/gateway/signed-callers.test.ts',
    },
    {
      fact: 'Identity sources are headers, query parameters, stage variables and context; all of them are required',
      source: SOURCES.authorizers,
      test: 'test/local/gateway/authorizer.test.ts',
    },
    {
      fact: 'An authorizer that takes too long: 500',
      source: 'inferred from authorizers that fail',
      test: 'test/local/gateway/authorizer.test.ts',
    },
    {
      fact: 'An API key that is missing or wrong: 403; usage plans throttle, and have quotas: 429',
      source: 'Developer Guide: usage plans and API keys',
      test: 'test/local/gateway/api-keys.test.ts',
    },
    {
      fact: 'Handshakes, messages and posts share one token bucket of the account; 500 new connections a second',
      source: SOURCES.quotas,
      test: 'test/local/gateway/throttling.test.ts',
    },
    {
      fact: 'HTTP APIs, REST APIs and function URLs with AWS_IAM: signatures, policies of callers and of the API; each has its own 403 message',
      source: 'Developer Guides of API Gateway and Lambda; floci, responses recorded on AWS',
      test: 'test/local/http/http-authorization.test.ts',
    },
    {
      fact: 'JWT authorizers of HTTP APIs: issuer, audience, times, scopes; 401 and 403 with the header www-authenticate; claims as text',
      source:
        'Developer Guide: JWT authorizers of HTTP APIs, and troubleshooting them; responses that people recorded',
      test: 'test/local/http/jwt-authorizers.test.ts',
    },
    {
      fact: 'The keys of a JWT’s issuer come from its discovery document, within 1,500 ms and 150,000 bytes, for two hours',
      source: 'Developer Guide: JWT authorizers and quotas of HTTP APIs',
      test: 'test/local/http/issuer-keys.test.ts',
    },
    {
      fact: 'Lambda authorizers of HTTP APIs and REST APIs: events of each format, identity sources, policies, simple responses, cached results',
      source:
        'Developer Guide: Lambda authorizers of HTTP APIs, and of REST APIs; responses that people recorded',
      test: 'test/local/http/lambda-authorizers.test.ts',
    },
    {
      fact: 'Cognito authorizers of REST APIs: identity tokens, or access tokens with scopes; claims as text, times as Java writes them',
      source: 'Developer Guide: Cognito user pools as authorizer; events that people recorded',
      test: 'test/local/http/user-pool-authorizers.test.ts',
    },
    {
      fact: 'A missing Lambda permission refuses the handshake with 500',
      source: 'terraform-aws-apigateway-v2 #8',
      test: 'test/local/gateway/handshake.test.ts',
    },
  ],
};
