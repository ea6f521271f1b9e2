import type { HttpApi, OtherResource } from '../model';
import type { Resource } from '../values/resource';

/** Separates the APIs that can be read from the others, for which `read` returns a reason. */
export function servedApis(
  type: string,
  resources: Resource[],
  read: (api: Resource) => HttpApi | string,
): { apis: HttpApi[]; notRun: OtherResource[] } {
  const notRun: OtherResource[] = [];
  const apis = resources.flatMap((api) => {
    const found = read(api);
    if (typeof found !== 'string') return [found];
    notRun.push({ type, path: api.path, reason: found, cost: `no part of ${api.shortPath} is served` });
    return [];
  });
  return { apis, notRun };
}
