/**
 * The request parameters of integrations, which copy values of the client's request into the backend's. Source:
 * "Setting up data mapping for WebSocket APIs".
 */
import { isListedParameter } from '../assumptions';
import { RouteSelection } from '../route-selection';
import type { TemplateInput } from './mapping-template';

export interface MappedParameters {
  /** Names in lower case. */
  headers: Record<string, string>;
  query: [name: string, value: string][];
  path: Record<string, string>;
}

/**
 * @param mapping targets such as `integration.request.header.X`, and their sources
 * @param listed the route's own parameters, `route.request.header.X` and the like
 */
export function mappedParameters(
  mapping: Readonly<Record<string, string>>,
  input: TemplateInput,
  listed: readonly string[],
): MappedParameters {
  const mapped: MappedParameters = { headers: {}, query: [], path: {} };
  for (const [target, source] of Object.entries(mapping)) {
    const [, place, name = ''] = /^integration\.request\.(header|querystring|path)\.(.+)$/.exec(target) ?? [];
    const values = sourceValues(source, input, listed);
    if (place === undefined || values.length === 0) continue;
    if (place === 'header') mapped.headers[name.toLowerCase()] = values.join(',');
    else if (place === 'querystring') for (const value of values) mapped.query.push([name, value]);
    else mapped.path[name] = values.join(',');
  }
  return mapped;
}

export function hasParameter(source: string, input: TemplateInput): boolean {
  return sourceValues(source, input, [source]).some((value) => value !== '');
}

function sourceValues(source: string, input: TemplateInput, listed: readonly string[]): string[] {
  const [, fixed] = /^'(.*)'$/s.exec(source) ?? [];
  if (fixed !== undefined) return [fixed];
  const [, place = '', name = ''] =
    /^(context|stageVariables|route\.request\.(?:multivalue)?(?:querystring|header)|route\.request\.body)\.(.+)$/.exec(
      source,
    ) ?? [];
  if (place === 'route.request.body') {
    return [new RouteSelection(`$request.body.${name}`, 'the request parameters').select(input.body)];
  }
  if (place.startsWith('route.request.') && !isListedParameter(source, listed)) return [];
  const { querystring, header, multiValueQuerystring, multiValueHeader } = input.parameters;
  switch (place) {
    case 'context':
      return textsOf(name.split('.').reduce(member, input.context as unknown));
    case 'stageVariables':
      return textsOf(member(input.stageVariables, name));
    case 'route.request.querystring':
      return textsOf(member(querystring, name));
    case 'route.request.multivaluequerystring':
      return textsOf(member(multiValueQuerystring, name));
    case 'route.request.header':
      return textsOf(withoutCase(header, name));
    case 'route.request.multivalueheader':
      return textsOf(withoutCase(multiValueHeader, name));
    default:
      return [];
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

function withoutCase(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(headers).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' ? [] : [String(value)];
}
