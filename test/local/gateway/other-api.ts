/** An API in addition to the one under test, with stages but no routes. */
import type { WebSocketApi } from '../../../local/assembly/model';

export const otherApi = (apiId: string, ...stageNames: string[]): WebSocketApi => ({
  path: `Stack/${apiId}`,
  apiId,
  name: apiId,
  routeSelectionExpression: '$request.body.action',
  routes: [],
  stages: stageNames.map((stageName) => ({ path: 'Stage', stageName, variables: {} })),
});
