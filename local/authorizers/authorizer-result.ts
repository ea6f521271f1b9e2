/** What the function of a Lambda authorizer returned. Source: "Output from a Lambda authorizer". */
import type { JsonObject } from '../assembly/values/json';
import { isPolicy } from './policy';

/** The quota for a result. */
export const MAX_AUTHORIZER_RESULT_BYTES = 8 * 1024;

export interface PolicyResult {
  principalId: string;
  policyDocument: JsonObject;
  /** As the function returned it. */
  context: unknown;
  /** The API key, for APIs that take their keys from the authorizer. */
  usageIdentifierKey?: string;
}

/** The result as an object, or what is wrong with it. */
export function readResult(payload: string): Record<string, unknown> | string {
  if (Buffer.byteLength(payload) > MAX_AUTHORIZER_RESULT_BYTES) {
    return `a result above ${MAX_AUTHORIZER_RESULT_BYTES} bytes, the quota`;
  }
  const result = parsed(payload);
  if (typeof result === 'object' && result !== null && !Array.isArray(result)) {
    return result as Record<string, unknown>;
  }
  return 'something other than an object; it must return { principalId, policyDocument }';
}

/** A program of a `provided` runtime may return any text. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

/** The policy and what belongs to it, or what is wrong with the result. */
export function readPolicyResult(payload: string): PolicyResult | string {
  const result = readResult(payload);
  if (typeof result === 'string') return result;
  const { principalId, policyDocument, context = {}, usageIdentifierKey } = result;
  if (!isPolicy(policyDocument)) {
    return 'no policy document; only HTTP APIs with simple responses support { isAuthorized }';
  }
  if (typeof principalId !== 'string') return 'no principalId, which must be a string';
  return {
    ...{ principalId, policyDocument, context },
    ...(typeof usageIdentifierKey === 'string' && { usageIdentifierKey }),
  };
}

/** The values of a context as strings, or what is wrong with it. */
export function contextStrings(context: unknown): Record<string, string> | string {
  if (context === null) return {};
  if (typeof context !== 'object' || Array.isArray(context)) return 'a context that is not an object';
  const strings: Record<string, string> = {};
  for (const [name, value] of Object.entries(context as object)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      return `${kindOf(value)} for ${name} of its context, which may be a string, a number or a boolean`;
    }
    strings[name] = String(value);
  }
  return strings;
}

/** The value itself may be a secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : 'an object';
}
