/** The ARN of a called method, as policies name it. */
import { partitionOf } from '../aws-domains';
import type { HttpAddress } from './http-address';

export type StagedAddress = HttpAddress & { stage: NonNullable<HttpAddress['stage']> };

/** `arn:aws:execute-api:{region}:{account}:{api}/{stage}/GET/rooms/7` */
export function methodArn(
  { api, stage, path }: StagedAddress,
  method: string,
  { region, accountId }: { region: string; accountId: string },
): string {
  return `arn:${partitionOf(region)}:execute-api:${region}:${accountId}:${api.apiId}/${stage.stageName}/${method}${withoutTrailingSlash(path)}`;
}

/** Routes ignore a trailing slash, so it must not bypass a policy that denies a route. */
function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
