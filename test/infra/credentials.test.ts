import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Credentials } from '../../infra/credentials';
import { grants, statements } from './statements';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:notifications/users-AbC123';

/** A template in which a function's role may read the credentials. */
function granted(source: string): Template {
  const stack = new Stack(new App(), 'Stack');
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  new Credentials(source).grantRead(role);
  return Template.fromStack(stack);
}

describe('Credentials', () => {
  it('name a secret to the functions, and let only one of them read it', () => {
    expect(new Credentials(SECRET).environment).toEqual({ CREDENTIALS: SECRET });
    expect(grants(granted(SECRET), '^Role')).toEqual([`secretsmanager:GetSecretValue ${SECRET}`]);
  });

  it('name a file by its full path, and grant nothing', () => {
    const { CREDENTIALS } = new Credentials('users.json').environment;
    expect(CREDENTIALS).toBe(join(process.cwd(), 'users.json'));
    expect(statements(granted('users.json'))).toEqual([]);
  });

  it.each([
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:notifications',
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:*-AbC123',
    'arn:aws:s3:::notifications-AbC123',
  ])('refuse %s, to which nothing can be granted', (arn) => {
    expect(() => new Credentials(arn)).toThrow(`The credentials ${arn} are not the full ARN of a secret`);
    expect(() => new Credentials(arn)).toThrow(/Copy the ARN from .*, or pass the path of a file/);
  });
});
