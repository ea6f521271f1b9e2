/**
 * Makes synthesis fail if the app breaks a rule of cdk-nag's AwsSolutions: `cdk synth --context nag=true`. Each
 * exception is acknowledged where it is made, with its reason.
 */
import { type App, Validations } from 'aws-cdk-lib';

export function checkWithCdkNag(app: App): void {
  // Loaded only on request, because it has hundreds of rules.
  const { AwsSolutionsChecks } = require('cdk-nag') as typeof import('cdk-nag');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
}
