import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnParameter, SecretValue, Stack } from 'aws-cdk-lib';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringListParameter, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Assembly } from '../../../../local/assembly/assembly';
import { unknownValueLines } from '../../../../local/assembly/losses';
import { type ReadSettings, readAssembly } from '../../../../local/assembly/read-assembly';
import type { Json, JsonObject } from '../../../../local/assembly/values/json';
import { OutsideValues } from '../../../../local/assembly/values/outside-values';
import { chatTemplateWith, type Template, writeAssembly } from '../written-assembly';

/** The environment of the chat's function, and what is reported about it. */
function read(variables: JsonObject, settings: ReadSettings = {}, rest: Template = {}) {
  const template = chatTemplateWith({ Function: { Environment: { Variables: variables } } });
  const { Resources = {}, ...others } = rest;
  const Main = { ...template, ...others, Resources: { ...template.Resources, ...Resources } };
  const app = readAssembly(writeAssembly({ Main }), settings);
  return { app, environment: app.functions[0]?.environment, unknown: unknownValueLines(app.unknownValues) };
}

const Parameter = (properties: JsonObject): JsonObject => ({
  Type: 'AWS::SSM::Parameter',
  Properties: properties,
});
const SecretOf = (properties: JsonObject): JsonObject => ({
  Type: 'AWS::SecretsManager::Secret',
  Properties: properties,
});

describe('A value that only AWS knows', () => {
  it.each<[string, Json, string, string]>([
    [
      'an attribute of what is not run',
      { 'Fn::GetAtt': ['Database', 'Endpoint.Address'] },
      'unknown.Main-Database.Endpoint.Address.invalid',
      'Main/Database.Endpoint.Address',
    ],
    ['a reference to what is not run', { Ref: 'Database' }, 'unknown.Main-Database.invalid', 'Main/Database'],
    ['a stored parameter', '{{resolve:ssm:/chat/limit:2}}', 'unknown.chat-limit.invalid', '/chat/limit'],
    ['a secret', '{{resolve:secretsmanager:keys}}', 'unknown.keys.invalid', 'keys'],
    [
      'a secret named as ARNs end',
      '{{resolve:secretsmanager:my-secret}}',
      'unknown.my-secret.invalid',
      'my-secret',
    ],
    [
      'a key of a secret',
      '{{resolve:secretsmanager:keys:SecretString:api}}',
      'unknown.keys-api.invalid',
      'keys:api',
    ],
    ['a parameter without a default', { Ref: 'Stage' }, 'unknown.Stage.invalid', 'Stage'],
    ['a parameter of the store', { Ref: 'Limit' }, 'unknown.chat-limit.invalid', '/chat/limit'],
    ['an export of another app', { 'Fn::ImportValue': 'Net:Vpc' }, 'unknown.Net-Vpc.invalid', 'Net:Vpc'],
  ])('has a placeholder, and can be given: %s', (_, value, placeholder, name) => {
    const rest = {
      Parameters: {
        Stage: { Type: 'String' },
        Limit: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/chat/limit' },
      },
      Resources: { Database: { Type: 'AWS::RDS::DBInstance', Properties: {} } },
    };
    const { environment, unknown } = read({ X: value }, {}, rest);
    expect(environment).toEqual({ X: placeholder });
    expect(unknown).toEqual([`  ${placeholder} in Main/Function (X): set it with --parameter ${name}=VALUE`]);

    const given = read({ X: value }, { parameters: { [name]: 'here' } }, rest);
    expect(given.environment).toEqual({ X: 'here' });
    expect(given.unknown).toEqual([]);
  });

  it('can be a part of a text', () => {
    const { environment } = read(
      { URL: { 'Fn::Sub': `https://\${Cache.RedisEndpoint.Address}/x` } },
      {},
      {
        Resources: { Cache: { Type: 'AWS::ElastiCache::CacheCluster', Properties: {} } },
      },
    );
    expect(new URL(environment?.URL ?? '').hostname).toBe('unknown.main-cache.redisendpoint.address.invalid');
  });

  it('is a URL where one is expected', () => {
    const Resources = { Graph: { Type: 'AWS::AppSync::GraphQLApi', Properties: {} } };
    const { environment } = read({ URL: { 'Fn::GetAtt': ['Graph', 'GraphQLUrl'] } }, {}, { Resources });
    expect(environment).toEqual({ URL: 'https://unknown.Main-Graph.GraphQLUrl.invalid' });
  });

  it('is reported once, with everything that uses it', () => {
    const { unknown } = read({ A: '{{resolve:ssm:/x}}', B: 'b-{{resolve:ssm:/x}}' });
    expect(unknown).toEqual([
      '  unknown.x.invalid in Main/Function (A), Main/Function (B): set it with --parameter /x=VALUE',
    ]);
  });

  it('is reported if a condition depends on it', () => {
    const { unknown } = read(
      {},
      {},
      {
        Parameters: { Stage: { Type: 'String' } },
        Conditions: { IsProduction: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
        Resources: { Alarm: { Type: 'AWS::CloudWatch::Alarm', Condition: 'IsProduction' } },
      },
    );
    expect(unknown).toEqual([
      '  unknown.Stage.invalid in the condition IsProduction: set it with --parameter Stage=VALUE',
    ]);
  });

  it('is not reported if nothing that runs uses it', () => {
    const { unknown } = read({}, {}, { Outputs: { X: { Value: '{{resolve:ssm:/x}}' } } });
    expect(unknown).toEqual([]);
  });

  it('is reported with the remedy if AWS would not accept the placeholder', () => {
    const template = chatTemplateWith({ Stage: { StageName: { Ref: 'StageName' } } });
    const Main = { ...template, Parameters: { StageName: { Type: 'String' } } };
    expect(() => readAssembly(writeAssembly({ Main }))).toThrow(
      /its name is "unknown\.StageName\.invalid".* unknown\.StageName\.invalid is a placeholder for a value that only AWS knows. Set it with --parameter StageName=VALUE\./,
    );
  });

  it('makes the start fail in strict mode', () => {
    expect(() => read({ A: '{{resolve:ssm:/x}}' }, { isStrict: true })).toThrow(
      /unknown\.x\.invalid in Main\/Function \(A\)/,
    );
  });

  it('is read from a given secret that is JSON', () => {
    const { environment } = read(
      {
        PASSWORD:
          '{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf:SecretString:password::}}',
      },
      { parameters: { db: '{"password":"secret"}' } },
    );
    expect(environment).toEqual({ PASSWORD: 'secret' });
  });
});

describe('A parameter of a template', () => {
  const Parameters = {
    Stage: { Type: 'String', Default: 'dev', AllowedValues: ['dev', 'prod'] },
    Names: { Type: 'CommaDelimitedList', Default: 'a,b' },
    Size: { Type: 'Number', Default: 1, MinValue: 1, MaxValue: 3 },
    Key: { Type: 'String', Default: 'a', AllowedPattern: '[a-z]+', MaxLength: 3 },
  };
  const rest = { Parameters };

  it('uses the given value instead of its default', () => {
    const { environment } = read(
      { STAGE: { Ref: 'Stage' }, NAMES: { 'Fn::Join': ['+', { Ref: 'Names' }] }, SIZE: { Ref: 'Size' } },
      { parameters: { Stage: 'prod', 'Main.Names': 'c, d', Size: '3' } },
      rest,
    );
    expect(environment).toEqual({ STAGE: 'prod', NAMES: 'c+d', SIZE: '3' });
  });

  it.each<[string, string, RegExp]>([
    ['Stage', 'test', /--parameter Stage: "test" is not one of the AllowedValues: dev, prod/],
    ['Size', '4', /"4" is above its MaxValue, 3/],
    ['Size', 'many', /"many" is not a number/],
    ['Key', 'A', /"A" does not match the AllowedPattern \[a-z\]\+/],
    ['Key', 'abcd', /"abcd" is above its MaxLength, 3/],
  ])('refuses what CloudFormation refuses: %s=%s', (name, value, message) => {
    const settings = { parameters: { [name]: value } };
    expect(() => read({ X: { Ref: name } }, settings, rest)).toThrow(message);
  });
});

describe('The app’s parameters and secrets', () => {
  it('are resolved in environment variables', () => {
    const { environment } = read(
      {
        LIMIT: '{{resolve:ssm:/chat/limit}}',
        NAMES: { 'Fn::Select': [1, { Ref: 'StoredNames' }] },
        USER: { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'Login' }, ':SecretString:user::}}']] },
        KEY: '{{resolve:secretsmanager:api-key}}',
      },
      {},
      {
        Parameters: {
          StoredNames: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/chat/names' },
        },
        Resources: {
          Limit: Parameter({ Name: '/chat/limit', Type: 'String', Value: '5' }),
          Names: Parameter({ Name: '/chat/names', Type: 'StringList', Value: 'ann,bob' }),
          Login: SecretOf({ SecretString: '{"user":"ada"}' }),
          Key: SecretOf({ Name: 'api-key', SecretString: 'abc' }),
        },
      },
    );
    expect(environment).toEqual({ LIMIT: '5', NAMES: 'bob', USER: 'ada', KEY: 'abc' });
  });

  it('are resolved in the form that the CDK’s constructs use', () => {
    const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'cdk-out-')) });
    const stack = new Stack(app, 'Main');
    const limit = new StringParameter(stack, 'Limit', { parameterName: '/limit', stringValue: '5' });
    new StringListParameter(stack, 'Names', { stringListValue: ['a', 'b'] });
    const login = new Secret(stack, 'Login', {
      generateSecretString: { secretStringTemplate: '{"user":"ada"}', generateStringKey: 'password' },
    });
    const plain = new Secret(stack, 'Plain', { secretStringValue: SecretValue.unsafePlainText('text') });
    const stage = new CfnParameter(stack, 'Stage', { default: 'dev' });
    const rest = new RestApi(stack, 'Rest');
    rest.root.addMethod('GET');
    const values = stack.resolve([
      limit.stringValue,
      StringParameter.valueForStringParameter(stack, '/limit'),
      login.secretValueFromJson('user').unsafeUnwrap(),
      plain.secretValue.unsafeUnwrap(),
      stage.valueAsString,
      plain.secretName,
    ]) as Json;
    const [read] = Assembly.read(app.synth().directory, { outside: new OutsideValues({}, true) }).stacks;
    const resolved = read?.resolve(values, 'here') as string[];
    // The CDK derives a secret's name from its ARN.
    const plainArn = read?.resources().find(({ logicalId }) => logicalId.startsWith('Plain'));
    const [reference] = [plainArn?.stack.reference(plainArn.logicalId, 'here')];
    expect(reference).toMatch(new RegExp(`:secret:${resolved[5]}-[a-z0-9]{6}$`));
    expect(resolved).toEqual([
      '5',
      '5',
      'ada',
      'text',
      'dev',
      expect.stringMatching(/^Plain[A-Z0-9]+-[a-z0-9]{12}$/),
    ]);
  });

  it('are available at runtime', () => {
    const { app } = read(
      {},
      { parameters: { elsewhere: 'x' } },
      {
        Resources: {
          Limit: Parameter({ Name: '/limit', Type: 'String', Value: { Ref: 'AWS::Region' } }),
          Key: SecretOf({ Name: 'key', SecretString: 'abc', Description: 'of the API' }),
          Empty: SecretOf({ Name: 'empty' }),
        },
      },
    );
    expect(app.storedParameters).toEqual([
      {
        path: 'Main/Limit',
        name: '/limit',
        arn: 'arn:aws:ssm:us-east-1:000000000000:parameter/limit',
        type: 'String',
        value: 'us-east-1',
      },
    ]);
    expect(app.secrets).toEqual([
      {
        path: 'Main/Key',
        name: 'key',
        arn: expect.stringMatching(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:key-[a-z0-9]{6}$/),
        value: 'abc',
        description: 'of the API',
      },
      { path: 'Main/Empty', name: 'empty', arn: expect.stringContaining(':secret:empty-') },
    ]);
    expect(app.givenValues).toEqual({ elsewhere: 'x' });
  });

  it('are refused as a SecureString, which CloudFormation cannot create', () => {
    const Resources = { Token: Parameter({ Type: 'SecureString', Value: 'x' }) };
    expect(() => read({}, {}, { Resources })).toThrow(
      /Main\/Token .*Type is SecureString; CloudFormation creates only String/,
    );
  });

  it('are passed between regions as the CDK does it', () => {
    const name = '/cdk/exports/Main/Name';
    const { environment } = read(
      { NAME: { 'Fn::GetAtt': ['Reader', name] } },
      {},
      {
        Resources: {
          Writer: {
            Type: 'Custom::CrossRegionExportWriter',
            Properties: {
              WriterProps: { region: 'us-east-1', exports: { [name]: { Ref: 'AWS::StackName' } } },
            },
          },
          Reader: {
            Type: 'Custom::CrossRegionExportReader',
            Properties: { ReaderProps: { imports: { [name]: `{{resolve:ssm:${name}}}` } } },
          },
        },
      },
    );
    expect(environment).toEqual({ NAME: 'Main' });
  });
});

describe('A generated secret', () => {
  it('is local if its template asks for a well-known value', () => {
    const valueThatIs = (wellKnown: string) => {
      const Key = {
        ...SecretOf({ GenerateSecretString: { PasswordLength: 48 } }),
        Metadata: { 'shared-connection:secret': wellKnown },
      };
      return read({}, {}, { Resources: { Key } }).app.secrets[0]?.value;
    };
    expect(valueThatIs('well-known')).toBe('local');
    expect(valueThatIs('other')).toHaveLength(48);
  });

  const generate = (settings: JsonObject) => {
    const { app } = read({}, {}, { Resources: { Key: SecretOf({ GenerateSecretString: settings }) } });
    return app.secrets[0]?.value ?? '';
  };

  it('includes the address of its database, if it is attached to one', () => {
    const { app, environment } = read(
      { HOST: { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'Key' }, ':SecretString:host::}}']] } },
      {},
      {
        Resources: {
          Key: SecretOf({ SecretString: '{"username":"ada"}' }),
          Database: { Type: 'AWS::RDS::DBInstance', Properties: { Engine: 'postgres', DBName: 'chat' } },
          Attachment: {
            Type: 'AWS::SecretsManager::SecretTargetAttachment',
            Properties: { SecretId: { Ref: 'Key' }, TargetId: { Ref: 'Database' } },
          },
        },
      },
    );
    const host = 'unknown.Main-Database.Endpoint.Address.invalid';
    expect(environment).toEqual({ HOST: host });
    expect(JSON.parse(app.secrets[0]?.value ?? '')).toEqual({
      ...{ username: 'ada', engine: 'postgres', dbname: 'chat', host },
      port: 'unknown.Main-Database.Endpoint.Port.invalid',
    });
  });

  it('has the same 32 characters in every run', () => {
    expect(generate({})).toHaveLength(32);
    expect(generate({})).toBe(generate({}));
  });

  it('has the requested characters, with each type at least once', () => {
    expect(generate({ ExcludePunctuation: true, PasswordLength: 3, ExcludeCharacters: 'abcABC' })).toMatch(
      /^[d-z][D-Z][0-9]$/,
    );
  });

  it('is inserted into its template', () => {
    const secret = generate({ SecretStringTemplate: '{"user":"ada"}', GenerateStringKey: 'password' });
    expect(JSON.parse(secret)).toEqual({ user: 'ada', password: expect.stringMatching(/^.{32}$/) });
  });
});

describe('--env-vars', () => {
  const folder = mkdtempSync(join(tmpdir(), 'env-vars-'));
  const file = (content: unknown) => {
    const path = join(folder, 'env.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const variables = { DB: '{{resolve:ssm:/db}}', STAGE: 'aws' };

  it.each(['Function', 'Main/Function', 'Parameters'])('gives a variable by the key %s', (key) => {
    const { environment, unknown } = read(variables, {
      environmentFile: file({ [key]: { DB: 'localhost' } }),
    });
    expect(environment).toEqual({ DB: 'localhost', STAGE: 'aws' });
    expect(unknown).toEqual([]);
  });

  it('overrides the function’s own variables, and writes numbers as text', () => {
    const content = { Parameters: { STAGE: 'all', DB: 'all' }, Function: { STAGE: 1 } };
    expect(read(variables, { environmentFile: file(content) }).environment).toEqual({
      STAGE: '1',
      DB: 'all',
    });
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a variable that no function has',
      { Function: { TABEL: 'x' } },
      /no function sets Function\.TABEL.*The functions are: Main\/Function/,
    ],
    ['a function that is not there', { Other: { DB: 'x' } }, /no function sets Other\.DB/],
    ['a list', [], /it is not an object\. The format is/],
    ['no JSON', '{', /it is not JSON: /],
    ['a value that is an object', { Function: { DB: {} } }, /Function\.DB is \{\}/],
  ])('reports %s', (_, content, message) => {
    expect(() => read(variables, { environmentFile: file(content) })).toThrow(message);
  });

  it('reports a missing file', () => {
    expect(() => read({}, { environmentFile: '/nowhere.json' })).toThrow(
      /--env-vars \/nowhere\.json could not be read/,
    );
  });
});
