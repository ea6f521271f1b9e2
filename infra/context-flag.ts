/**
 * Reads a boolean from the app's context, which is text on the CDK's command line and usually a boolean in cdk.json.
 */
import type { App } from 'aws-cdk-lib';

/** @throws Error for a value other than true or false */
export function contextFlag(app: App, name: string): boolean {
  const value: unknown = app.node.tryGetContext(name);
  if (value === true || value === 'true') return true;
  if (value === undefined || value === false || value === 'false') return false;
  throw new Error(`The context ${name} is ${JSON.stringify(value)}, but it must be true or false.`);
}
