/** The rules of cdk-nag's AwsSolutions, by which a synthesis fails: `cdk synth --context nag=true`. Each exception is acknowledged, with its reason, where it is made. */
import { type App, Validations } from 'aws-cdk-lib';

export function checkWithCdkNag(app: App): void {
  // Loaded only where it is asked for: it has hundreds of rules.
  const { AwsSolutionsChecks } = require('cdk-nag') as typeof import('cdk-nag');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
}
