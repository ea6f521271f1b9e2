import type { HttpApi, OtherResource } from '../model';
import type { Resource } from '../values/resource';

/** The APIs that can be read. The others are listed with the reason that `read` gives. */
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
