/**
 * Looks up a condition key, given in lower case: its values in the request, or undefined if the request has no such
 * key.
 */
export type RequestContext = (key: string) => readonly string[] | undefined;
