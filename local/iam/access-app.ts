/** The parts of an app that IAM needs. */
import type { App } from '../assembly/model';

export type AccessApp = Pick<
  App,
  | 'region'
  | 'accountId'
  | 'apis'
  | 'httpApis'
  | 'functions'
  | 'tables'
  | 'buckets'
  | 'queues'
  | 'topics'
  | 'eventBuses'
  | 'storedParameters'
  | 'secrets'
  | 'roles'
  | 'resourcePolicies'
>;
