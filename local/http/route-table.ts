/** Finds the route of a request: the most specific one, by API Gateway's rules. */
import type { HttpRoute } from '../assembly/model';

export interface MatchedRoute {
  route: HttpRoute;
  /** As in the path, not decoded. */
  pathParameters: Record<string, string>;
}

interface Pattern {
  route: HttpRoute;
  segments: string[];
  isGreedy: boolean;
}

export class RouteTable {
  readonly #patterns: Pattern[];
  readonly #fallbacks: HttpRoute[];

  constructor(routes: HttpRoute[]) {
    this.#fallbacks = routes.filter(({ resource }) => resource === '$default');
    this.#patterns = routes
      .filter(({ resource }) => resource !== '$default')
      .map((route) => {
        const segments = segmentsOf(route.resource);
        return { route, segments, isGreedy: /^\{.+\+\}$/.test(segments.at(-1) ?? '') };
      })
      .sort(bySpecificity);
  }

  /** `undefined` if no route matches. */
  match(method: string, path: string): MatchedRoute | undefined {
    const segments = segmentsOf(path);
    for (const pattern of this.#patterns) {
      const pathParameters = parametersOf(pattern, segments);
      if (!pathParameters || !takes(pattern.route, method)) continue;
      return { route: pattern.route, pathParameters };
    }
    const route = this.#fallbacks.find((fallback) => takes(fallback, method));
    return route && { route, pathParameters: {} };
  }
}

/** A trailing slash makes no difference. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  return segments;
}

function takes({ method }: HttpRoute, requested: string): boolean {
  return method === 'ANY' || method === requested;
}

/** For each segment, static comes before variable, and variable before greedy. A specific method comes before ANY. */
function bySpecificity(a: Pattern, b: Pattern): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index < length; index++) {
    const difference = rankOf(a.segments[index]) - rankOf(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.route.method === 'ANY') - Number(b.route.method === 'ANY');
}

function rankOf(segment: string | undefined): number {
  if (segment === undefined) return 3;
  if (/^\{.+\+\}$/.test(segment)) return 2;
  return /^\{.+\}$/.test(segment) ? 1 : 0;
}

function parametersOf({ segments, isGreedy }: Pattern, path: string[]): Record<string, string> | undefined {
  if (isGreedy ? path.length < segments.length : path.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const [, name, plus] = /^\{(.+?)(\+?)\}$/.exec(segment) ?? [];
    const value = plus ? path.slice(index).join('/') : (path[index] ?? '');
    if (name === undefined) {
      if (segment !== value) return undefined;
    } else {
      if (value === '') return undefined;
      parameters[name] = value;
    }
  }
  return parameters;
}
