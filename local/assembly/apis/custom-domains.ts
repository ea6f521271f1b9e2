/** Custom domains that map to stages of WebSocket APIs, each by a key in the path. */
import type { Assembly } from '../assembly';
import type { CustomDomain } from '../model';

const MAPPING = 'AWS::ApiGatewayV2::ApiMapping';

/** The domains of one API. */
export function readCustomDomains(apiId: string, assembly: Assembly): CustomDomain[] {
  return assembly
    .resources(MAPPING)
    .filter((mapping) => mapping.text('ApiId') === apiId)
    .map((mapping) => {
      const domainName = mapping.text('DomainName')?.toLowerCase();
      const stageName = mapping.text('Stage');
      if (domainName === undefined || stageName === undefined)
        throw mapping.mistake('needs a DomainName and a Stage');
      return { domainName, stageName, mappingKey: mapping.text('ApiMappingKey') ?? '' };
    });
}
