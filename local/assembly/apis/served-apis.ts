import type { OtherResource } from '../model';
import type { Resource } from '../values/resource';
import type { HttpApi } from './http-model';

/** Those of the APIs that can be read; the others are named with the reason that `read` gives. */
export function servedApis(
  type: string,
  resources: Resource[],
  read: (api: Resource) => HttpApi | string,
): { apis: HttpApi[]; notRun: OtherResource[] } {
  const notRun: OtherResource[] = [];
  const apis = resources.flatMap((api) => {
    const found = read(api);
    if (typeof found !== 'string') return [found];
    notRun.push({ type, path: api.path, reason: found, cost: `nothing of ${api.shortPath} is served` });
    return [];
  });
  return { apis, notRun };
}
