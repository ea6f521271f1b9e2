/** Policies of queues and topics: an AWS service may send to one only if its policy allows it. */

import { isGlob } from '../../glob';
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import { isObject, type Json, type JsonObject, listAt } from '../values/json';
import { objectFrom } from '../values/json-text';
import type { Resource } from '../values/resource';
import { isArnLike } from './arn-pattern';

interface Statement {
  /** The ARN of a topic, or the URL of a queue. */
  owner: string;
  definition: JsonObject;
}

const KINDS: [type: string, owners: string][] = [
  ['AWS::SQS::QueuePolicy', 'Queues'],
  ['AWS::SQS::QueueInlinePolicy', 'Queue'],
  ['AWS::SNS::TopicPolicy', 'Topics'],
  ['AWS::SNS::TopicInlinePolicy', 'TopicArn'],
];

export interface ServiceRequest {
  /** `sns.amazonaws.com` */
  service: string;
  /** `sqs:SendMessage` */
  action: string;
  /** Of the queue or topic. */
  resourceArn: string;
  /** The source of the message. */
  sourceArn: string;
}

export class ResourcePolicies {
  readonly #statements: Statement[];

  constructor(assembly: Assembly) {
    this.#statements = KINDS.flatMap(([type, owners]) =>
      assembly.resources(type).flatMap((policy) => statementsOf(policy, owners)),
    );
  }

  allows(request: ServiceRequest): boolean {
    const matching = this.#statements
      .filter(({ owner }) => isOwner(owner, request.resourceArn))
      .filter(({ definition }) => covers(definition, request))
      .map(({ definition }) => definition.Effect);
    return matching.includes('Allow') && !matching.includes('Deny');
  }
}

/** A policy with values that only AWS knows is ignored here. */
function statementsOf(policy: Resource, owners: string): Statement[] {
  try {
    const given = policy.property(owners) ?? [];
    const names = (Array.isArray(given) ? given : [given]).map(String);
    const document = objectFrom(policy.property('PolicyDocument'));
    const statements = isObject(document?.Statement) ? [document.Statement] : listAt(document, 'Statement');
    return names.flatMap((owner) => statements.filter(isObject).map((definition) => ({ owner, definition })));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** Queues are identified by their URLs, whose last part is the last part of the ARN. */
function isOwner(owner: string, arn: string): boolean {
  return owner === arn || (owner.startsWith('https://') && owner.split('/').at(-1) === arn.split(':').at(-1));
}

function covers(statement: JsonObject, { service, action, resourceArn, sourceArn }: ServiceRequest): boolean {
  return (
    hasPrincipal(statement.Principal, service) &&
    texts(statement.Action).some((one) => isGlob(action.toLowerCase(), one.toLowerCase())) &&
    texts(statement.Resource ?? '*').some((one) => isGlob(resourceArn, one)) &&
    conditionsHold(statement.Condition, sourceArn)
  );
}

function hasPrincipal(principal: Json | undefined, service: string): boolean {
  if (principal === '*') return true;
  if (!isObject(principal)) return false;
  return texts(principal.Service).includes(service) || texts(principal.AWS).includes('*');
}

/** Only the source of a message is known here, so conditions on anything else are not met. */
function conditionsHold(conditions: Json | undefined, sourceArn: string): boolean {
  if (conditions === undefined) return true;
  if (!isObject(conditions)) return false;
  const account = sourceArn.split(':')[4] ?? '';
  return Object.entries(conditions).every(
    ([operator, keys]) =>
      isObject(keys) &&
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, key.toLowerCase(), texts(wanted), { sourceArn, account }),
      ),
  );
}

function holds(
  operator: string,
  key: string,
  wanted: string[],
  { sourceArn, account }: { sourceArn: string; account: string },
): boolean {
  if (key === 'aws:securetransport') return operator.startsWith('Bool') && wanted.includes('true');
  const value = key === 'aws:sourcearn' ? sourceArn : key === 'aws:sourceaccount' ? account : undefined;
  if (value === undefined || !/^(Arn|String)(Equals|Like)(IfExists|IgnoreCase)?$/.test(operator))
    return false;
  if (operator.startsWith('Arn')) return wanted.some((one) => isArnLike(value, one));
  return wanted.some((one) => (operator.startsWith('StringLike') ? isGlob(value, one) : value === one));
}

function texts(value: Json | undefined): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}
