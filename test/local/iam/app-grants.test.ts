/**
 * Removes each grant of this repository's own app once: the call that needs it is refused, and the log names the
 * grant.
 */

import type { App, LambdaFunction } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { Access } from '../../../local/iam/access';
import { denialMessage } from '../../../local/iam/denial';
import type { Identity } from '../../../local/iam/identities';
import { grantsOf, lacking } from '../../runtime/grants';
import { synthesizedApp } from '../../runtime/running-app';

/** CDK code, by service. */
const CDK_GRANTS: Record<string, RegExp> = {
  dynamodb: /table\.grant(ReadData|WriteData)\(fn\)$/,
  lambda: /other\.grantInvoke\(fn\)$/,
  'execute-api': /stage\.grantManagementApiAccess\(fn\) or webSocketApi\.grantManageConnections\(fn\)$/,
  s3: /bucket\.grantRead\(fn\)$/,
  sqs: /queue\.grantSendMessages\(fn\)$/,
  secretsmanager: /secret\.grantRead\(fn\)$/,
};

function start(app: App) {
  const lines: string[] = [];
  const log = { info() {}, error() {}, warn: (text: string) => lines.push(text) };
  const access = new Access({ app, log, nameOf: (name) => name, clock: new ManualClock() });
  const callerOf = (lambdaFunction: LambdaFunction): Identity => ({
    ...{ kind: 'function', functionName: lambdaFunction.functionName },
    ...(lambdaFunction.roleArn !== undefined && { roleArn: lambdaFunction.roleArn }),
    credentials: access.credentialsOf(lambdaFunction),
  });
  return { lines, access, callerOf };
}

describe('The grants of this app', () => {
  let app: App;
  beforeAll(async () => {
    app = await synthesizedApp();
  });

  it('are known for every function: none is allowed everything because its role is unknown', () => {
    expect(
      app.functions.map(({ roleArn }) => app.roles.some((role) => role.roleArn === roleArn)),
    ).not.toContain(false);
    expect(app.notRun.filter(({ type }) => type.startsWith('AWS::IAM'))).toEqual([]);
  });

  it('are each needed: without one of them its call is refused, with a line that names the grant', () => {
    const tried = app.functions.flatMap((lambdaFunction) =>
      grantsOf(app, lambdaFunction).map((grant) => {
        const { access, lines, callerOf } = start(app);
        expect(access.refusal(callerOf(lambdaFunction), grant)).toBeUndefined();
        expect(lines).toEqual([]);
        access.update(lacking(app, lambdaFunction, grant));
        const denial = access.refusal(callerOf(lambdaFunction), grant);
        expect(denial && denialMessage(denial)).toMatch(
          `/${lambdaFunction.functionName} is not authorized to perform: `,
        );
        expect(lines).toEqual([
          expect.stringMatching(
            CDK_GRANTS[grant.action.split(':')[0] ?? ''] ?? 'no grant of the CDK is expected',
          ),
        ]);
        expect(lines[0]).toContain(
          `${lambdaFunction.functionName} has no permission for ${grant.action} on `,
        );
        return `${lambdaFunction.path} ${grant.action}`;
      }),
    );
    expect(tried.length).toBeGreaterThan(30);
  });
});
