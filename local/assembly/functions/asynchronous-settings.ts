/** Reads an app's settings for asynchronous invocations: retries, and destinations of failed events. */
import type { Assembly } from '../assembly';
import type { AsynchronousSettings } from '../model';
import { functionNameIn } from '../values/function-arn';
import { type Json, objectAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';

const EVENT_INVOKE_CONFIG = 'AWS::Lambda::EventInvokeConfig';

const TARGETS: [pattern: RegExp, kind: string][] = [
  [/^arn:[^:]+:sqs:[^:]*:[^:]*:(.+)$/, 'the queue'],
  [/^arn:[^:]+:sns:[^:]*:[^:]*:(.+)$/, 'the topic'],
  [/^arn:[^:]+:lambda:[^:]*:[^:]*:function:(.+)$/, 'the function'],
  [/^arn:[^:]+:events:[^:]*:[^:]*:event-bus\/(.+)$/, 'the event bus'],
  [/^arn:[^:]+:s3:::(.+)$/, 'the bucket'],
];

/** Reads the app's settings once and returns those of a function; `undefined` if Lambda's defaults apply. */
export function readAsynchronousSettings(
  assembly: Assembly,
): (lambdaFunction: Resource) => AsynchronousSettings | undefined {
  const configs = new Map(
    assembly
      .resources(EVENT_INVOKE_CONFIG)
      .filter((config) => (config.text('Qualifier') ?? '$LATEST') === '$LATEST')
      .map((config) => [functionNameIn(config.text('FunctionName') ?? ''), config]),
  );
  return (lambdaFunction) => {
    const name = lambdaFunction.ref;
    const config = configs.get(name);
    const deadLetterArn = textAt(lambdaFunction.property('DeadLetterConfig'), 'TargetArn');
    const [onSuccessArn, onFailureArn] = ['OnSuccess', 'OnFailure'].map((when) =>
      destinationOf(config?.property('DestinationConfig'), when),
    );
    if (!config && deadLetterArn === undefined) return undefined;
    const [retryAttempts, maxEventAgeSeconds] = ['MaximumRetryAttempts', 'MaximumEventAgeInSeconds'].map(
      (property) => config?.number(property),
    );
    return {
      ...(retryAttempts === undefined ? {} : { retryAttempts }),
      ...(maxEventAgeSeconds === undefined ? {} : { maxEventAgeSeconds }),
      ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
      ...(onFailureArn === undefined ? {} : { onFailureArn }),
      ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
    };
  };
}

function destinationOf(destinations: Json | undefined, when: string): string | undefined {
  return textAt(objectAt(destinations, when), 'Destination');
}

/** `the queue dead-letters`, or the ARN of another kind of resource. */
export function inWords(arn: string): string {
  for (const [pattern, kind] of TARGETS) {
    const [, name] = pattern.exec(arn) ?? [];
    if (name !== undefined) return `${kind} ${name}`;
  }
  return arn;
}
