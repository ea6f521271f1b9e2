/**
 * Decides on one request by the policies of a principal and of the resource, both in one account.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { isGlob } from '../glob';
import { conditionsHold } from './conditions';
import type { Patterns, PolicyStatement, Principals } from './policy-statement';
import { hasVariables, withVariables } from './policy-variables';
import type { RequestContext } from './request-context';

export interface PolicyPrincipal {
  /** Of the session: `arn:aws:sts::…:assumed-role/{role}/{function}`. */
  arn: string;
  roleArn: string;
  accountId: string;
  /** Of the role's own policies. */
  statements: readonly PolicyStatement[];
  /** Of the role's permissions boundary. @default there is none */
  boundary?: readonly PolicyStatement[];
}

export type Verdict =
  | 'allowed'
  /** Nothing allows it. */
  | 'not allowed'
  /** The boundary does not allow what a policy allows. */
  | 'out of bounds'
  | 'denied by identity'
  | 'denied by resource'
  | 'denied by boundary';

/** More than any app asks for again and again. */
const MAX_KEPT = 2_000;

/** The policies of one principal. Decisions are cached, unless they depend on more than action and resource. */
export class PolicyEvaluator {
  readonly #byAction = new Map<string, Relevant>();
  readonly #verdicts = new Map<string, Verdict>();

  constructor(readonly principal: PolicyPrincipal) {}

  /**
   * @param action such as `dynamodb:PutItem`
   * @param resourceStatements of the resource's own policy. Those of one ARN must be the same in every call.
   */
  decide(
    action: string,
    resource: string,
    context: RequestContext,
    resourceStatements: readonly PolicyStatement[] = NONE,
  ): Verdict {
    const key = `${action}\n${resource}`;
    const kept = this.#verdicts.get(key);
    if (kept !== undefined) return kept;
    const name = action.toLowerCase();
    const relevant = this.#relevant(name);
    const ofResource = resourceStatements.filter(
      (statement) =>
        matches(statement.actions, name) && isAbout(statement.principals, this.principal) !== 'no',
    );
    const verdict = this.#decide(relevant, ofResource, resource, context);
    if (relevant.isConstant && ofResource.every(isConstant)) {
      if (this.#verdicts.size >= MAX_KEPT) this.#verdicts.clear();
      this.#verdicts.set(key, verdict);
    }
    return verdict;
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
    const ofAction = (statement: PolicyStatement) => matches(statement.actions, action);
    const identity = statements.filter(ofAction);
    const bounds = boundary?.filter(ofAction);
    const isSteady = [...identity, ...(bounds ?? [])].every(isConstant);
    const relevant = { identity, ...(bounds && { boundary: bounds }), isConstant: isSteady };
    if (this.#byAction.size >= MAX_KEPT) this.#byAction.clear();
    this.#byAction.set(action, relevant);
    return relevant;
  }
}

/** Decides on a request that nobody has signed: only the resource's own policy can allow it. */
export function decideForAnyone(
  action: string,
  resource: string,
  context: RequestContext,
  resourceStatements: readonly PolicyStatement[],
): 'allowed' | 'not allowed' | 'denied by resource' {
  const applying = resourceStatements.filter(
    (statement) =>
      isAboutAnyone(statement.principals) &&
      matches(statement.actions, action.toLowerCase()) &&
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
  /** Whether action and resource alone decide. */
  isConstant: boolean;
}

const NONE: readonly PolicyStatement[] = [];

function isConstant({ conditions, resources }: PolicyStatement): boolean {
  return conditions.length === 0 && !resources.patterns.some(hasVariables);
}

function isDeny({ effect }: PolicyStatement): boolean {
  return effect === 'Deny';
}

function applies(statement: PolicyStatement, resource: string, context: RequestContext): boolean {
  return matches(statement.resources, resource, context) && conditionsHold(statement.conditions, context);
}

function matches({ patterns, isInverted }: Patterns, text: string, context?: RequestContext): boolean {
  const isMatch = patterns.some((pattern) => {
    const wanted = context ? withVariables(pattern, context) : pattern;
    return wanted !== undefined && isGlob(text, wanted);
  });
  return isMatch !== isInverted;
}

/**
 * How a resource's statement means the principal: by the session or as one of all, by its role, or not at all. The account
 * alone (`arn:aws:iam::…:root`) leaves the decision to the principal's own policies.
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
