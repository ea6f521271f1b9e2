/** Whose calls they are, and in which region, as AWS's SDK finds out: the one place that imports the management API's client. */
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Credentials } from './signature';

export interface Identity {
  /** Credentials that are good now. */
  credentials(): Promise<Credentials>;
  /** For hosts that do not tell theirs. */
  region(): Promise<string>;
}

/** Lambda's environment, a profile, SSO or whatever else the SDK takes; what expires is asked for anew in time. */
export function sdkIdentity(): Identity {
  const { config } = new ApiGatewayManagementApiClient({});
  return { credentials: () => config.credentials(), region: () => config.region() };
}
