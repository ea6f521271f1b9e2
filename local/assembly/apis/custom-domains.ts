/** Custom domains that map to stages of WebSocket APIs, each by a key in the path. */
import type { Assembly } from '../assembly';
import type { CustomDomain, OtherResource } from '../model';

const MAPPING = 'AWS::ApiGatewayV2::ApiMapping';

/** Reserved for API Gateway's health checks. Source: "Quotas and important notes". */
const RESERVED_KEYS = new Set(['ping', 'sping']);

/** The domains of one API. Adds mappings to missing stages to `notRun`. */
export function readCustomDomains(
  apiId: string,
  assembly: Assembly,
  notRun: OtherResource[],
): CustomDomain[] {
  return assembly
    .resources(MAPPING)
    .filter((mapping) => mapping.text('ApiId') === apiId)
    .flatMap((mapping) => {
      const domainName = mapping.text('DomainName')?.toLowerCase();
      const stageName = mapping.text('Stage');
      if (domainName === undefined || stageName === undefined)
        throw mapping.mistake('needs a DomainName and a Stage');
      const mappingKey = mapping.text('ApiMappingKey') ?? '';
      if (!RESERVED_KEYS.has(mappingKey)) return [{ domainName, stageName, mappingKey }];
      notRun.push({
        type: MAPPING,
        path: mapping.path,
        reason: `has the key ${mappingKey}, which API Gateway reserves for its health checks; use another key`,
        cost: `nobody can connect to ${domainName}/${mappingKey}`,
      });
      return [];
    });
}
