/** What IAM needs to know of an app. */
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
