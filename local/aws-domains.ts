/** The host names of AWS services. */

export function urlSuffix(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** The partition in the ARNs of a region. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function executeApiDomain(apiId: string, region: string): string {
  return `${apiId}.execute-api.${region}.${urlSuffix(region)}`;
}

export function functionUrlDomain(urlId: string, region: string): string {
  return `${urlId}.lambda-url.${region}.on.aws`;
}

/** Whether a host is AWS's, so that the runtime answers for it. */
export function isAwsHost(host: string): boolean {
  return /\.(amazonaws\.com(\.cn)?|on\.aws)$/i.test(host);
}
