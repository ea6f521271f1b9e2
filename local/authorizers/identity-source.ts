/** Reads an authorizer's identity sources from a request. */

export interface Identity {
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  stageVariables: Readonly<Record<string, string>>;
  /** The request context of the event. */
  context: object;
}

/** `route.request.…` of WebSocket APIs, `$request.…` of HTTP APIs, `method.request.…` of REST APIs. */
const SOURCE =
  /^(?:(?:\$|route\.|method\.)(request\.header|request\.querystring)|\$?(stageVariables|context))\.(.+)$/;

/** Undefined or empty if the request lacks it. Header names are case-insensitive. */
export function identityIn(source: string, identity: Identity): string | undefined {
  const [, inRequest, beside, name = ''] = SOURCE.exec(source) ?? [];
  switch (inRequest ?? beside) {
    case 'request.header':
      return Object.entries(identity.headers).find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
    case 'request.querystring':
      return ownValue(identity.query, name);
    case 'stageVariables':
      return ownValue(identity.stageVariables, name);
    case 'context':
      return contextValue(identity.context, name.split('.'));
    default:
      return undefined;
  }
}

function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function contextValue(context: unknown, path: string[]): string | undefined {
  let value = context;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}
