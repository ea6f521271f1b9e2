/** The single grants of an IAM policy: actions, with the HTTP method for the management API's operations. */

/** As in a template, perhaps with unresolved resources, or as IAM returns it. */
export interface PolicyDocument {
  Statement: PolicyStatement[];
}

interface PolicyStatement {
  Action: string | string[];
  Resource: unknown;
}

export const MANAGE_CONNECTIONS = 'execute-api:ManageConnections';
/** Lambda itself writes a function's log. ministack does so without checking IAM. */
const TRIED_BY_NOBODY = /^logs:/;

/** `dynamodb:GetItem`, `execute-api:ManageConnections POST` … */
export function grantsOf({ Statement }: PolicyDocument): string[] {
  return Statement.flatMap(({ Action, Resource }) =>
    listed(Action)
      .filter((action) => !TRIED_BY_NOBODY.test(action))
      .flatMap((action) =>
        action === MANAGE_CONNECTIONS
          ? listed(Resource).map((resource) => `${action} ${methodOf(resource)}`)
          : [action],
      ),
  );
}

/** The policy without one of its grants. */
export function without(grant: string, document: PolicyDocument): PolicyDocument {
  const [grantedAction, method] = grant.split(' ');
  const statements = document.Statement.map((statement) =>
    method === undefined
      ? { ...statement, Action: listed(statement.Action).filter((action) => action !== grantedAction) }
      : statement.Action === grantedAction
        ? {
            ...statement,
            Resource: listed(statement.Resource).filter((resource) => methodOf(resource) !== method),
          }
        : statement,
  );
  return {
    ...document,
    Statement: statements.filter(({ Action, Resource }) => !isEmpty(Action) && !isEmpty(Resource)),
  };
}

/** `arn:aws:execute-api:…:{api}/{stage}/{method}/@connections/*` */
function methodOf(resource: unknown): string {
  return /\/([A-Z]+|\*)\/@connections/.exec(JSON.stringify(resource))?.[1] ?? 'on anything';
}

function listed<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
