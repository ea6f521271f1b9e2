/**
 * Evaluates the policies of a principal and of a resource in the same account.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import type { PolicyStatement, Principals } from './policy-statement';
import type { RequestContext } from './request-context';
import { applies, hasAction } from './statement-match';

export interface PolicyPrincipal {
  /** The session's ARN: `arn:aws:sts::…:assumed-role/{role}/{function}`. */
  arn: string;
  roleArn: string;
  accountId: string;
  /** The statements of the role's policies. */
  statements: readonly PolicyStatement[];
  /** The statements of the role's permissions boundary. @default no boundary */
  boundary?: readonly PolicyStatement[];
}

export type Verdict =
  | 'allowed'
  /** Nothing allows it. */
  | 'not allowed'
  /** A policy allows it, but the boundary does not. */
  | 'out of bounds'
  | 'denied by identity'
  | 'denied by resource'
  | 'denied by boundary';

/** More than any app requests. */
const MAX_ACTIONS = 2_000;

/**
 * The policies of one principal. Which statements are about an action is kept. Verdicts are not: a broadcast asks about
 * each connection once.
 */
export class PolicyEvaluator {
  readonly #byAction = new Map<string, Relevant>();

  constructor(readonly principal: PolicyPrincipal) {}

  /**
   * @param action such as `dynamodb:PutItem`
   * @param resourceStatements the policy of the resource
   */
  decide(
    action: string,
    resource: string,
    context: RequestContext,
    resourceStatements: readonly PolicyStatement[] = NONE,
  ): Verdict {
    const name = action.toLowerCase();
    const ofResource = resourceStatements.filter(
      (statement) => hasAction(statement, name) && isAbout(statement.principals, this.principal) !== 'no',
    );
    return this.#decide(this.#relevant(name), ofResource, resource, context);
  }

  #decide(
    { identity, boundary }: Relevant,
    ofResource: readonly PolicyStatement[],
    resource: string,
    context: RequestContext,
  ): Verdict {
    const holds = (statement: PolicyStatement) => applies(statement, resource, context);
    const [own, bounds] = [identity.filter(holds), boundary?.filter(holds)];
    const theirs = ofResource.filter(holds);
    if (own.some(isDeny)) return 'denied by identity';
    if (theirs.some(isDeny)) return 'denied by resource';
    if (bounds?.some(isDeny)) return 'denied by boundary';
    const allowing = theirs.filter((statement) => !isDeny(statement));
    // A resource policy that names the session itself, or everyone, is not limited by the role's boundary.
    const [named, session] = [
      allowing.some(({ principals }) => isAbout(principals, this.principal) === 'role'),
      allowing.some(({ principals }) => isAbout(principals, this.principal) === 'session'),
    ];
    if (session) return 'allowed';
    if (own.length === 0 && !named) return 'not allowed';
    return bounds?.length === 0 ? 'out of bounds' : 'allowed';
  }

  #relevant(action: string): Relevant {
    const known = this.#byAction.get(action);
    if (known) return known;
    const { statements, boundary } = this.principal;
    const ofAction = (statement: PolicyStatement) => hasAction(statement, action);
    const identity = statements.filter(ofAction);
    const bounds = boundary?.filter(ofAction);
    const relevant = { identity, ...(bounds && { boundary: bounds }) };
    if (this.#byAction.size >= MAX_ACTIONS) this.#byAction.clear();
    this.#byAction.set(action, relevant);
    return relevant;
  }
}

export type VerdictOnAnyone = 'allowed' | 'not allowed' | 'denied by resource';

/** Decides on an unsigned request, which only the resource's own policy can allow. */
export function decideForAnyone(
  action: string,
  resource: string,
  context: RequestContext,
  resourceStatements: readonly PolicyStatement[],
): VerdictOnAnyone {
  const applying = resourceStatements.filter(
    (statement) =>
      isAboutAnyone(statement.principals) &&
      hasAction(statement, action.toLowerCase()) &&
      applies(statement, resource, context),
  );
  if (applying.some(isDeny)) return 'denied by resource';
  return applying.length > 0 ? 'allowed' : 'not allowed';
}

function isAboutAnyone(principals: Principals | undefined): boolean {
  return principals !== undefined && principals.aws.includes('*') !== principals.isInverted;
}

/** The statements about one action. */
interface Relevant {
  identity: readonly PolicyStatement[];
  boundary?: readonly PolicyStatement[];
}

const NONE: readonly PolicyStatement[] = [];

function isDeny({ effect }: PolicyStatement): boolean {
  return effect === 'Deny';
}

/**
 * How a resource's statement names the principal: as the session (or everyone), as its role, as its account, or not at
 * all. For an account (`arn:aws:iam::…:root`), the principal's own policies decide.
 */
function isAbout(
  principals: Principals | undefined,
  { arn, roleArn, accountId }: PolicyPrincipal,
): 'session' | 'role' | 'account' | 'no' {
  if (!principals) return 'no';
  const { aws, isInverted } = principals;
  const isAccount = aws.some((one) => one === accountId || one.endsWith(`:iam::${accountId}:root`));
  if (isInverted) return aws.includes(arn) || aws.includes(roleArn) || aws.includes('*') ? 'no' : 'session';
  if (aws.includes(arn) || aws.includes('*')) return 'session';
  if (aws.includes(roleArn)) return 'role';
  return isAccount ? 'account' : 'no';
}
