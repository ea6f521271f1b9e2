import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RealtimeService, type RealtimeServiceProps } from '../../infra/realtime-service';
import { grants } from './statements';

/** The constructs accept any folder as a bundle. */
let directory: string;
const before = process.cwd();
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'realtime-service-'));
  mkdirSync(join(directory, 'build/functions/rooms'), { recursive: true });
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function synthesize(props: (stack: Stack) => Partial<RealtimeServiceProps>) {
  const stack = new Stack(new App({ outdir: join(directory, 'cdk.out') }), 'Stack');
  new RealtimeService(stack, 'Rooms', { entry: 'functions/rooms', ...props(stack) });
  return Template.fromStack(stack);
}

const ofHandler = (template: Template, Handler: string) => {
  const [found] = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Handler } }));
  return found?.Properties.Environment.Variables;
};

describe('RealtimeService', () => {
  let template: Template;
  beforeAll(() => {
    template = synthesize(() => ({ tokens: { secret: 'generate' }, httpApi: true }));
  });

  it('has secrets that Secrets Manager generates, without their values in the template', () => {
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    template.allResourcesProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { ExcludePunctuation: true, PasswordLength: 48 },
      SecretString: Match.absent(),
    });
    expect(JSON.stringify(template)).not.toMatch(/\blocal\b/);
  });

  it('tells only the functions that read a secret where it is', () => {
    expect(ofHandler(template, 'index.routes')).toMatchObject({
      TOKEN_SECRET_ARN: { Ref: expect.stringMatching(/^RoomsTokenSecret/) },
    });
    expect(ofHandler(template, 'index.api')).toMatchObject({
      API_KEY_ARN: { Ref: expect.stringMatching(/^RoomsApiKey/) },
      SERVICE_NAME: 'rooms',
      SERVER_FUNCTION: { Ref: expect.stringMatching(/^RoomsFunctionsServer/) },
      CONNECTION_TABLE: expect.anything(),
    });
    expect(JSON.stringify(ofHandler(template, 'index.server'))).not.toMatch(/SECRET|API_KEY/);
  });

  it('lets each function read only its own secret', () => {
    const ofSecrets = (policy: string) =>
      grants(template, policy).filter((grant) => grant.startsWith('secretsmanager:'));
    expect(ofSecrets('RoutesRole')).toEqual([
      'secretsmanager:DescribeSecret RoomsTokenSecret',
      'secretsmanager:GetSecretValue RoomsTokenSecret',
    ]);
    expect(ofSecrets('BackendApi')).toEqual([
      'secretsmanager:DescribeSecret RoomsApiKey',
      'secretsmanager:GetSecretValue RoomsApiKey',
    ]);
    expect(ofSecrets('ServerRole')).toEqual([]);
  });

  it('accepts only POST requests, and throttles them', () => {
    const http = Object.values(template.findResources('AWS::ApiGatewayV2::Route')).map(
      ({ Properties }) => Properties.RouteKey as string,
    );
    expect(http.filter((key) => key.includes('/')).sort()).toEqual(['POST /api', 'POST /api/{method}']);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
  });

  it('outputs the URL to which backends send requests', () => {
    const [output] = Object.values(
      template.findOutputs('*', { Description: 'rooms: backends publish here' }),
    );
    expect(JSON.stringify(output?.Value)).toMatch(/"ApiEndpoint"\]},"\/api"/);
  });

  it('accepts the app’s own secrets, and keys that are not secret', () => {
    const own = synthesize((stack) => ({
      tokens: {
        secret: new Secret(stack, 'New'),
        previousSecret: Secret.fromSecretNameV2(stack, 'Old', 'old'),
        publicKey: '-----BEGIN PUBLIC KEY-----',
        ...{ issuer: 'me', audience: 'rooms' },
      },
      httpApi: { apiKey: new Secret(stack, 'Key'), throttle: { rateLimit: 5, burstLimit: 6 } },
    }));
    own.resourceCountIs('AWS::SecretsManager::Secret', 2);
    expect(ofHandler(own, 'index.routes')).toMatchObject({
      TOKEN_SECRET_ARN: { Ref: expect.stringMatching(/^New/) },
      TOKEN_PREVIOUS_SECRET_ARN: expect.anything(),
      TOKEN_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----',
      ...{ TOKEN_ISSUER: 'me', TOKEN_AUDIENCE: 'rooms' },
    });
    own.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 6 },
    });
  });

  it('has no API and no secret unless requested', () => {
    const plain = synthesize(() => ({}));
    plain.resourceCountIs('AWS::SecretsManager::Secret', 0);
    plain.resourceCountIs('AWS::Lambda::Function', 2);
    plain.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  });
});
