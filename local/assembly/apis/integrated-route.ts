/** The route for which an integration is read, and what is said of one that is not run. */
import type { NotRun, Stage } from '../model';
import type { Resource } from '../values/resource';

export interface IntegratedRoute {
  apiId: string;
  stage: Stage;
  routeKey: string;
}

export function notRun({ path }: Pick<Resource, 'path'>, reason: string): NotRun {
  return { type: 'NOT_RUN', path, reason };
}
