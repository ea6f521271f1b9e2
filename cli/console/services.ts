/**
 * The console's part for the services of this library. Loads its modules with the first request, to keep the start
 * fast.
 */
import type { LocalHandler } from '../../local/console/console-endpoint';

/** @param url the runtime's URL */
export function consoleServices(url: () => string): LocalHandler {
  let endpoint: LocalHandler | undefined;
  return {
    handle(request, response) {
      if (!request.url?.startsWith('/@local/services')) return undefined;
      endpoint ??= (require('./services-endpoint') as typeof import('./services-endpoint')).servicesEndpoint(
        url,
      );
      return endpoint.handle(request, response);
    },
  };
}
