/** The function that a request for Lambda's Invoke API names, in its path and in the parameter `Qualifier`. */
import { percentDecoded } from '../percent-decoded';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/** The forms of `FunctionName`: a name, a partial ARN or an ARN, each with or without a qualifier. */
const FUNCTION_REFERENCE =
  /^(?:(?:arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):)?(?<account>\d{12}):function:|function:)?(?<name>[A-Za-z0-9-_]+)(?::(?<qualifier>\$LATEST|[A-Za-z0-9-_]+))?$/;

export interface InvokeReference {
  /** All of `FunctionName`, decoded. */
  text: string;
  region?: string | undefined;
  account?: string | undefined;
  /** Undefined if `FunctionName` has none of its forms. */
  name?: string | undefined;
  /** A version or an alias. The one in the path comes first. */
  qualifier?: string | undefined;
  /** Whether path and parameter have different qualifiers, which Lambda refuses. */
  isContradictory: boolean;
}

/** Undefined if it is not a request for the Invoke API. */
export function invokeReference(method: string, url: string): InvokeReference | undefined {
  // `URL` would parse the text after `//` as a host.
  const [path = '', query] = url.split('?', 2);
  const [, encoded] = INVOKE_PATH.exec(path) ?? [];
  if (method !== 'POST' || encoded === undefined) return undefined;
  const text = decoded(encoded);
  const { region, account, name, qualifier: inPath } = FUNCTION_REFERENCE.exec(text)?.groups ?? {};
  // An empty parameter counts as none.
  const parameter = new URLSearchParams(query).get('Qualifier') || undefined;
  return {
    ...{ text, region, account, name, qualifier: inPath ?? parameter },
    isContradictory: inPath !== undefined && parameter !== undefined && inPath !== parameter,
  };
}

function decoded(text: string): string {
  return percentDecoded(text) ?? text;
}
