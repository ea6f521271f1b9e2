import type { Resource } from '../values/resource';

/** API Gateway's quotas for WebSocket APIs: an integration may take 50 ms to 29 s. */
const MIN_TIMEOUT_MILLIS = 50;
const MAX_TIMEOUT_MILLIS = 29_000;

/** The timeout of a route's integration. */
export function timeoutMillis(integration: Resource): number {
  const timeout = integration.number('TimeoutInMillis') ?? MAX_TIMEOUT_MILLIS;
  if (timeout >= MIN_TIMEOUT_MILLIS && timeout <= MAX_TIMEOUT_MILLIS) return timeout;
  throw integration.mistake(
    `its TimeoutInMillis is ${timeout}; API Gateway allows ${MIN_TIMEOUT_MILLIS} to ${MAX_TIMEOUT_MILLIS}`,
  );
}
