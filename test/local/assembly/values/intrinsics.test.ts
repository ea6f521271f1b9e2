import type { Json } from '../../../../local/assembly/values/json';
import { UserError } from '../../../../local/user-error';
import { evaluate, type Template } from '../written-assembly';

const template: Template = {
  Parameters: {
    Size: { Type: 'Number', Default: 3 },
    Names: { Type: 'CommaDelimitedList', Default: 'ann, bob' },
    Blank: { Type: 'String' },
  },
  Mappings: { Runtimes: { 'us-east-1': { node: 'nodejs24.x' } } },
  Conditions: {
    IsLarge: { 'Fn::Equals': [{ Ref: 'Size' }, '3'] },
    IsSmall: { 'Fn::Not': [{ Condition: 'IsLarge' }] },
    Both: { 'Fn::And': [{ Condition: 'IsLarge' }, { Condition: 'IsSmall' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsLarge' }, { Condition: 'IsSmall' }] },
  },
  Outputs: { Name: { Value: { Ref: 'Bucket' } } },
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'pictures' } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: { TableName: { 'Fn::Sub': `\${AWS::StackName}-rows` } },
    },
    Custom: { Type: 'Custom::Thing', Properties: {} },
    Absent: { Type: 'AWS::S3::Bucket', Condition: 'IsSmall', Properties: {} },
  },
};

describe('Intrinsic functions', () => {
  it.each<[string, Json, Json | undefined]>([
    ['Ref of a parameter gives its default', { Ref: 'Size' }, 3],
    ['Ref of a list parameter gives a list', { Ref: 'Names' }, ['ann', 'bob']],
    ['Ref of a resource gives its name', { Ref: 'Bucket' }, 'pictures'],
    ['Ref of AWS::NoValue gives nothing', { Ref: 'AWS::NoValue' }, undefined],
    ['AWS::NoValue takes a property out', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['AWS::NoValue takes an item out', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
    [
      'pseudo parameters have defaults',
      { 'Fn::Sub': `\${AWS::Region} \${AWS::AccountId} \${AWS::Partition} \${AWS::URLSuffix}` },
      'us-east-1 000000000000 aws amazonaws.com',
    ],
    ['Fn::GetAtt takes a list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::pictures'],
    ['Fn::GetAtt takes text', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::pictures'],
    [
      'Fn::GetAtt follows the name of a resource',
      { 'Fn::GetAtt': ['Table', 'Arn'] },
      'arn:aws:dynamodb:us-east-1:000000000000:table/Main-rows',
    ],
    [
      'Fn::Sub takes references and attributes',
      { 'Fn::Sub': `\${Bucket}/\${Table.Arn}` },
      'pictures/arn:aws:dynamodb:us-east-1:000000000000:table/Main-rows',
    ],
    [
      'Fn::Sub takes variables of its own',
      { 'Fn::Sub': [`\${a}-\${Bucket}`, { a: { Ref: 'Size' } }] },
      '3-pictures',
    ],
    ['Fn::Sub leaves a literal alone', { 'Fn::Sub': `\${!Bucket}` }, `\${Bucket}`],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Bucket' }, 1]] }, 'a-pictures-1'],
    ['Fn::Join takes a list parameter', { 'Fn::Join': ['+', { Ref: 'Names' }] }, 'ann+bob'],
    ['Fn::Split', { 'Fn::Split': ['-', 'a-b'] }, ['a', 'b']],
    ['Fn::Select of Fn::Split', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Runtimes', { Ref: 'AWS::Region' }, 'node'] }, 'nodejs24.x'],
    [
      'Fn::FindInMap with a default',
      { 'Fn::FindInMap': ['Runtimes', 'mars-1', 'node', { DefaultValue: 'x' }] },
      'x',
    ],
    ['Fn::If takes the first branch', { 'Fn::If': ['IsLarge', 'large', 'small'] }, 'large'],
    ['Fn::If takes the second branch', { 'Fn::If': ['IsSmall', 'small', 'large'] }, 'large'],
    ['Fn::And', { 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    ['Fn::Or', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['Fn::Cidr', { 'Fn::Cidr': ['10.0.0.0/16', 2, '8'] }, ['10.0.0.0/24', '10.0.1.0/24']],
    ['Fn::GetStackOutput', { 'Fn::GetStackOutput': { StackName: 'Main', OutputName: 'Name' } }, 'pictures'],
    ['Fn::Base64', { 'Fn::Base64': 'hello' }, 'aGVsbG8='],
    ['Fn::GetAZs', { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, 'us-east-1b'],
    ['Fn::Length', { 'Fn::Length': { Ref: 'Names' } }, 2],
    ['Fn::ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'Size' } } }, '{"a":3}'],
  ])('%s', (_, value, expected) => {
    expect(evaluate(value, template)).toEqual(expected);
  });

  it.each<[string, Json, RegExp]>([
    [
      'an unknown attribute',
      { 'Fn::GetAtt': ['Custom', 'Answer'] },
      /Main\.template\.json: Outputs\.Value: Fn::GetAtt of Custom\.Answer \(type Custom::Thing\).*--parameter Main\/Custom\.Answer=VALUE/,
    ],
    ['Ref of an unknown type', { Ref: 'Custom' }, /Ref of Custom \(type Custom::Thing\)/],
    ['Ref of nothing', { Ref: 'Nobody' }, /names Nobody, which is neither a resource nor a parameter/],
    ['a resource whose condition is false', { Ref: 'Absent' }, /Absent .*condition is false/],
    ['a parameter without a default', { Ref: 'Blank' }, /parameter Blank has no default/],
    ['a place in a list', { a: [{ Ref: 'Nobody' }] }, /Outputs\.Value\.a\[0\]:/],
    ['an unknown function', { 'Fn::Guess': {} }, /intrinsic function Fn::Guess is not known/],
    ['a macro', { 'Fn::Transform': { Name: 'Upper' } }, /the macro Upper runs on AWS only/],
    [
      'blocks that do not fit',
      { 'Fn::Cidr': ['10.0.0.0/24', 2, 8] },
      /10\.0\.0\.0\/24 has no 2 blocks of 8 bits/,
    ],
    [
      'an output that nobody has',
      { 'Fn::GetStackOutput': { StackName: 'Far', OutputName: 'X' } },
      /no stack of this app has the output Far\.X/,
    ],
    ['an unknown condition', { 'Fn::If': ['IsBlue', 1, 2] }, /no condition IsBlue/],
    ['an item beyond the list', { 'Fn::Select': [2, ['a']] }, /no item 2 in a list of 1/],
    [
      'a key that a mapping lacks',
      { 'Fn::FindInMap': ['Runtimes', 'mars-1', 'node'] },
      /Runtimes has no value for mars-1, node/,
    ],
    [
      'an export that nobody has',
      { 'Fn::ImportValue': 'Elsewhere' },
      /no stack of this app exports Elsewhere/,
    ],
    [
      'a dynamic reference',
      '{{resolve:ssm:/token:3}}',
      /no stack of this app stores the parameter \/token\./,
    ],
    [
      'a dynamic reference that is joined',
      { 'Fn::Join': ['', ['{{resolve:ssm:', 'x', '}}']] },
      /no stack of this app stores the parameter x\./,
    ],
    [
      'a secret of another place',
      '{{resolve:secretsmanager:keys:SecretString:api}}',
      /value for the secret keys\. Set its value with --parameter keys:api=VALUE/,
    ],
    ['a secure parameter', '{{resolve:ssm-secure:/token}}', /allows ssm-secure only in a few properties/],
    ['joining what is no text', { 'Fn::Join': ['', [{ a: 1 }]] }, /Fn::Join needs text, but got \{"a":1\}/],
  ])('names %s', (_, value, message) => {
    const act = () => evaluate(value, template);
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  });

  it('use the region and account of the stack', () => {
    const value = evaluate(
      { 'Fn::Sub': `\${AWS::AccountId}/\${AWS::Region}` },
      {},
      { environment: 'aws://123456789012/eu-west-1' },
    );
    expect(value).toBe('123456789012/eu-west-1');
  });

  it('read a stored parameter that the template stores itself', () => {
    const stored: Template = {
      Parameters: { Given: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/a' } },
      Resources: { Stored: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/a', Value: 'found' } } },
    };
    expect(evaluate({ Ref: 'Given' }, stored)).toBe('found');
  });

  it('report circular references', () => {
    const circle: Template = {
      Resources: {
        One: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': `\${Two}-a` } } },
        Two: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': `\${One}-b` } } },
      },
    };
    expect(() => evaluate({ Ref: 'One' }, circle)).toThrow(
      /cycle: Main\.template\.json: Ref One -> Main\.template\.json: Ref Two -> Main\.template\.json: Ref One/,
    );
  });
});
