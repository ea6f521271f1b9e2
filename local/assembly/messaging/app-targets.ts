/** The targets of an app's services, and whether a service has permission to deliver to one. */
import type { Assembly } from '../assembly';
import { inWords } from '../functions/asynchronous-settings';
import type { Queue } from '../model';
import { LambdaPermissions } from '../permissions/lambda-permissions';
import { ServiceAccess } from '../permissions/service-access';
import { functionNameIn } from '../values/function-arn';

export interface Sender {
  /** `sns.amazonaws.com` */
  service: string;
  /** The ARN of the topic, the rule or the bucket. */
  sourceArn: string;
}

export class AppTargets {
  readonly #assembly: Assembly;
  readonly #access: ServiceAccess;
  readonly #permissions = new Map<string, LambdaPermissions>();
  readonly #isRun: (functionName: string) => boolean;
  readonly #queues: Map<string, Queue>;
  readonly #topicArns: Set<string>;

  /** `isRun` says whether the runtime runs a function. */
  constructor(assembly: Assembly, isRun: (functionName: string) => boolean, queues: Queue[]) {
    this.#assembly = assembly;
    this.#access = new ServiceAccess(assembly);
    this.#isRun = isRun;
    this.#queues = new Map(queues.map((queue) => [queue.queueArn, queue]));
    this.#topicArns = new Set(assembly.resources('AWS::SNS::Topic').map((topic) => topic.ref));
  }

  queue(arn: string): Queue | undefined {
    return this.#queues.get(arn);
  }

  isRun(functionArn: string): boolean {
    return this.#isRun(functionNameIn(functionArn));
  }

  /** Whether the runtime has that function, queue or topic. */
  isThere(arn: string): boolean {
    return (isFunction(arn) && this.isRun(arn)) || this.#queues.has(arn) || this.#topicArns.has(arn);
  }

  /** Why the service cannot deliver to that function, queue or topic; `undefined` if it can. */
  faultOf(arn: string, { service, sourceArn }: Sender): string | undefined {
    const name = inWords(arn);
    if (isFunction(arn)) {
      if (!this.isRun(arn)) return `the runtime does not run ${name}`;
      if (this.#permissionsOf(service).coverArn(functionNameIn(arn), sourceArn)) return undefined;
      return `${service} has no permission to invoke ${functionNameIn(arn)} for ${sourceArn}, so on AWS it never runs. Add an AWS::Lambda::Permission for ${service} (the CDK's own targets and subscriptions add one)`;
    }
    const kind = this.#queues.has(arn) ? 'sqs' : this.#topicArns.has(arn) ? 'sns' : undefined;
    if (kind === undefined) return `the runtime does not have ${name}`;
    const action = kind === 'sqs' ? 'sqs:SendMessage' : 'sns:Publish';
    if (this.#access.allows({ service, action, resourceArn: arn, sourceArn })) return undefined;
    return `${service} has no permission for ${action} on ${name} for ${sourceArn}, so on AWS nothing arrives. Allow it in the resource's policy (the CDK's own targets and subscriptions do that)`;
  }

  #permissionsOf(service: string): LambdaPermissions {
    const known = this.#permissions.get(service);
    if (known) return known;
    const permissions = new LambdaPermissions(this.#assembly, service);
    this.#permissions.set(service, permissions);
    return permissions;
  }
}

export function isFunction(arn: string): boolean {
  return /^arn:[^:]+:lambda:[^:]*:[^:]*:function:/.test(arn);
}
