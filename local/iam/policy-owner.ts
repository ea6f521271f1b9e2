/** The resource whose policy applies to an ARN: the bucket of an object, the table of an index, the API of a method. */
export function policyOwner(resource: string): string {
  if (/^arn:[^:]+:execute-api:/.test(resource)) return resource.split('/', 1)[0] as string;
  if (resource.startsWith('arn:aws:s3:::')) return resource.split('/', 1)[0] as string;
  const index = resource.indexOf('/index/');
  return index < 0 ? resource : resource.slice(0, index);
}
