/**
 * Finds the stage that a plain HTTP request is for: by the API's own host, or by `/{apiId}/{stage}/…` on this
 * machine. The stage `$default` does not appear in the path.
 */
import type { HttpApi, HttpStage } from '../assembly/model';
import { executeApiDomain, functionUrlDomain } from '../aws-domains';
import { hostName } from '../endpoint/host-header';

export interface HttpAddress {
  api: HttpApi;
  domainName: string;
  /** `undefined` if the API has no such stage. */
  stage: HttpStage | undefined;
  /** The path within the stage, with a leading slash. */
  path: string;
}

export class HttpAddresses {
  readonly #byDomain = new Map<string, HttpApi>();
  readonly #byId = new Map<string, HttpApi>();
  readonly #region: string;

  constructor(apis: HttpApi[], region: string) {
    this.#region = region;
    for (const api of apis) {
      this.#byDomain.set(this.#domainOf(api), api);
      this.#byId.set(api.apiId, api);
    }
  }

  /** `undefined` if the request is for none of these APIs. */
  find(host: string | undefined, url: string): HttpAddress | undefined {
    const [path = '/'] = url.split('?', 1);
    const ofHost = this.#byDomain.get(hostName(host) ?? '');
    if (ofHost) return this.#within(ofHost, path);
    const [, first = '', rest = ''] = /^\/([^/]*)(\/.*)?$/.exec(path) ?? [];
    const ofPath = this.#byId.get(first);
    return ofPath && this.#within(ofPath, rest);
  }

  #within(api: HttpApi, path: string): HttpAddress {
    const [, first = '', rest = ''] = /^\/([^/]*)(\/.*)?$/.exec(path) ?? [];
    const named = api.stages.find(({ stageName }) => stageName !== '$default' && stageName === first);
    const stage = named ?? api.stages.find(({ stageName }) => stageName === '$default');
    const inStage = named ? rest : path;
    return { api, domainName: this.#domainOf(api), stage, path: inStage === '' ? '/' : inStage };
  }

  #domainOf({ kind, apiId }: HttpApi): string {
    return kind === 'FUNCTION_URL'
      ? functionUrlDomain(apiId, this.#region)
      : executeApiDomain(apiId, this.#region);
  }
}
