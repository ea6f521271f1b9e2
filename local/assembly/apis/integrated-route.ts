/** The route that an integration is read for. */
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
