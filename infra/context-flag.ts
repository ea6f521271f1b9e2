/** A switch of the app's context: on the CDK's command line it is text, and in cdk.json mostly not. */
import type { App } from 'aws-cdk-lib';

/** @throws Error for a value that is neither true nor false */
export function contextFlag(app: App, name: string): boolean {
  const value: unknown = app.node.tryGetContext(name);
  if (value === true || value === 'true') return true;
  if (value === undefined || value === false || value === 'false') return false;
  throw new Error(`The context ${name} is ${JSON.stringify(value)}, but must be true or false.`);
}
