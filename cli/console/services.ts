/** What the console knows of the services of this library. Its modules are loaded once somebody asks, so that no start waits for them. */
import type { LocalHandler } from '../../local/console/console-endpoint';

/** @param url the runtime's */
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
