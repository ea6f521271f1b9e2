/** The grants of an app's functions, each one action on one resource, and the app without one of them. */
import type { App, LambdaFunction, Role } from '../../local/assembly/model';
import type { PolicyStatement } from '../../local/iam/policy-statement';

export interface SingleGrant {
  action: string;
  /** As in the policy, with a name instead of each wildcard. */
  resource: string;
}

/** Lambda itself writes a function's log. */
const OF_LAMBDA = /^logs:/;
const METHODS = ['POST', 'GET', 'DELETE'];

export function grantsOf({ roles }: App, { roleArn }: LambdaFunction): SingleGrant[] {
  const { statements = [] } = roles.find((role) => role.roleArn === roleArn) ?? {};
  return statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      actions.patterns
        .filter((action) => !OF_LAMBDA.test(action))
        .flatMap((action) =>
          resources.patterns.flatMap((resource) =>
            samplesOf(resource).map((sample) => ({ action: named(action), resource: sample })),
          ),
        ),
    );
}

/** The app without this grant in the role of the function. */
export function lacking(app: App, { roleArn }: Pick<LambdaFunction, 'roleArn'>, grant: SingleGrant): App {
  const denied: PolicyStatement = {
    effect: 'Allow',
    actions: { patterns: [grant.action.toLowerCase()], isInverted: false },
    resources: { patterns: [grant.resource], isInverted: false },
    conditions: [],
  };
  const without = (role: Role): Role => ({
    ...role,
    statements: role.statements.flatMap((statement) => remainder(statement, denied)),
  });
  return { ...app, roles: app.roles.map((role) => (role.roleArn === roleArn ? without(role) : role)) };
}

/** A statement without one action on one resource: what remains for its other actions and resources. */
function remainder(statement: PolicyStatement, { actions, resources }: PolicyStatement): PolicyStatement[] {
  const [action = ''] = actions.patterns;
  const [resource = ''] = resources.patterns;
  if (!statement.actions.patterns.includes(action)) return [statement];
  const others = statement.actions.patterns.filter((one) => one !== action);
  const elsewhere = statement.resources.patterns.filter((one) => !samplesOf(one).includes(resource));
  // A pattern for every method becomes one for each of the others.
  const methods = statement.resources.patterns
    .filter((one) => samplesOf(one).includes(resource) && isForEveryMethod(one))
    .flatMap((one) => METHODS.map((method) => withMethod(one, method)))
    .filter((one) => !samplesOf(one).includes(resource));
  return [
    { ...statement, actions: { ...statement.actions, patterns: others } },
    {
      ...statement,
      actions: { ...statement.actions, patterns: [action] },
      resources: { ...statement.resources, patterns: [...elsewhere, ...methods] },
    },
  ].filter((one) => one.actions.patterns.length > 0 && one.resources.patterns.length > 0);
}

function samplesOf(pattern: string): string[] {
  if (isForEveryMethod(pattern)) return METHODS.flatMap((method) => samplesOf(withMethod(pattern, method)));
  return [pattern.replaceAll('*', 'sample')];
}

function isForEveryMethod(pattern: string): boolean {
  return /\/\*\/@connections\//.test(pattern);
}

function withMethod(pattern: string, method: string): string {
  return pattern.replace(/\/\*\/@connections\//, `/${method}/@connections/`);
}

/** The actions in statements are in lower case. */
function named(action: string): string {
  return ACTIONS.find((one) => one.toLowerCase() === action) ?? action;
}

const ACTIONS = [
  ...['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'].map((one) => `dynamodb:${one}`),
  ...['lambda:InvokeFunction', 'execute-api:ManageConnections', 's3:GetObjectVersion', 'sqs:SendMessage'],
  'secretsmanager:GetSecretValue',
];
