/**
 * API Gateway's mapping templates: Velocity, with the variables of "API Gateway mapping template reference for
 * WebSocket APIs".
 */
import { JSONPath } from 'jsonpath-plus';

/** What a template sees of a request. */
export interface TemplateInput {
  /** The message, or the text of the backend's response. */
  body: string;
  context: Readonly<Record<string, unknown>>;
  stageVariables: Readonly<Record<string, string>>;
  /** The handshake's. Messages have none. */
  parameters: {
    querystring: Readonly<Record<string, string>>;
    header: Readonly<Record<string, string>>;
    multiValueQuerystring: Readonly<Record<string, string[]>>;
    multiValueHeader: Readonly<Record<string, string[]>>;
  };
}

/** @throws Error if the template is not valid Velocity, or fails for this input */
export function renderTemplate(template: string, input: TemplateInput): string {
  let parsed: unknown;
  const json = () => {
    parsed ??= parsedOrEmpty(input.body);
    return parsed;
  };
  // Loaded on demand, because most apps have no templates.
  const { render } = require('velocityjs') as typeof import('velocityjs');
  return render(template, {
    context: input.context,
    stageVariables: input.stageVariables,
    input: {
      body: input.body,
      json: (path: string) => JSON.stringify(at(path, json())) ?? '""',
      path: (path: string) => at(path, json()),
      params: (name?: string) => parametersOf(input, name),
    },
    util: UTIL,
  });
}

function at(path: string, json: unknown): unknown {
  if (path === '$') return json;
  if (typeof json !== 'object' || json === null) return undefined;
  return JSONPath({ path, json, eval: false, wrap: false });
}

/** The parameter from the path, the query or the headers, in AWS's order. Without a name, all parameters. */
function parametersOf({ parameters: { querystring, header } }: TemplateInput, name?: string): unknown {
  if (name === undefined) return { path: {}, querystring, header };
  const found = [querystring, header].find((record) => Object.hasOwn(record, name));
  return found?.[name] ?? '';
}

function parsedOrEmpty(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const UTIL = {
  /** Also escapes single quotes, which AWS's guide tells users to undo with a replacement. */
  escapeJavaScript: (text: unknown) =>
    JSON.stringify(String(text ?? ''))
      .slice(1, -1)
      .replaceAll("'", "\\'"),
  parseJson: (text: string) => parsedOrEmpty(text),
  urlEncode: (text: unknown) => encodeURIComponent(String(text ?? '')).replaceAll('%20', '+'),
  urlDecode: (text: unknown) => decodeURIComponent(String(text ?? '').replaceAll('+', ' ')),
  base64Encode: (text: unknown) => Buffer.from(String(text ?? '')).toString('base64'),
  base64Decode: (text: unknown) => Buffer.from(String(text ?? ''), 'base64').toString(),
};
