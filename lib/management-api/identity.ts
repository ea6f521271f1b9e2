/**
 * The credentials and the region, found as AWS's SDK finds them. The only place that imports the management API's
 * client.
 */
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Credentials } from './signature';

export interface Identity {
  /** Credentials that are valid now. */
  credentials(): Promise<Credentials>;
  /** For hosts whose name has no region. */
  region(): Promise<string>;
}

/**
 * From Lambda's environment, a profile, SSO or any other source of the SDK. Expiring credentials are refreshed in
 * time.
 */
export function sdkIdentity(): Identity {
  const { config } = new ApiGatewayManagementApiClient({});
  return { credentials: () => config.credentials(), region: () => config.region() };
}
