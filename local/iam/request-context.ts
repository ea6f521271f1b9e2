/** What policies can ask about a request: the values of a condition key, given in lower case; undefined if it has none. */
export type RequestContext = (key: string) => readonly string[] | undefined;
