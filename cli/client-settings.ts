/** How the SDK's clients reach a place: the runtime on this machine, or a deployed stack. */

export interface PlaceOptions {
  /** A deployed stack. @default the runtime on this machine */
  stack?: string;
  /** @default `AWS_ENDPOINT_URL`; else, without a stack, http://localhost:3001 */
  url?: string;
}

const LOCAL_URL = 'http://localhost:3001';
const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
export const LOCAL_REGION = 'us-east-1';

/** The configuration of all SDK clients. The SDK finds missing values itself. */
export interface ClientSettings {
  endpoint?: string;
  region?: string;
  credentials?: typeof LOCAL_CREDENTIALS;
}

export function clientSettings({ stack, url }: PlaceOptions): ClientSettings {
  const endpoint = url ?? process.env.AWS_ENDPOINT_URL;
  if (stack !== undefined) return endpoint ? { endpoint } : {};
  const region = process.env.AWS_REGION ?? LOCAL_REGION;
  return { endpoint: endpoint || LOCAL_URL, region, credentials: LOCAL_CREDENTIALS };
}
