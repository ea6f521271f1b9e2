/** The addresses of a running app on this machine. */
import type { WebSocketApi } from './assembly/model';
import { DEFAULT_HOST } from './runtime-options';
import { UserError } from './user-error';

export interface RuntimeAddressesOptions {
  host: string;
  /** Known once the runtime listens. */
  port(): number;
  apis(): WebSocketApi[];
}

export class RuntimeAddresses {
  readonly #options: RuntimeAddressesOptions;

  constructor(options: RuntimeAddressesOptions) {
    this.#options = options;
  }

  /** `http://localhost:{port}` */
  get url(): string {
    return `http://${this.#authority}`;
  }

  /** Where programs on this machine connect, even if the runtime listens on every interface. */
  get endpoint(): { host: string; port: number } {
    const { host, port } = this.#options;
    return { host: reachable(host), port: port() };
  }

  httpUrl(apiId: string, stageName: string): string {
    return `${this.url}/${stageName === '$default' ? apiId : `${apiId}/${stageName}`}`;
  }

  /** @throws {UserError} if no stage, or more than one, has this name */
  webSocketUrl(stageName: string, apiId?: string): string {
    return `ws://${this.#authority}/${stagePath(this.#options.apis(), stageName, apiId)}`;
  }

  get #authority(): string {
    const { host, port } = this.#options;
    return `${displayHost(host)}:${port()}`;
  }
}

/** `{stage}`, or `{apiId}/{stage}` if several APIs have a stage with this name. */
function stagePath(apis: WebSocketApi[], stageName: string, apiId: string | undefined): string {
  const found = apis.filter(
    (api) =>
      (apiId === undefined || api.apiId === apiId) &&
      api.stages.some((stage) => stage.stageName === stageName),
  );
  const [api] = found;
  if (!api || found.length > 1) {
    const known = apis.flatMap(({ apiId: id, stages }) => stages.map((stage) => `${id}/${stage.stageName}`));
    throw new UserError(
      `${found.length === 0 ? 'No API has' : 'Several APIs have'} a stage named ${stageName}. The stages are: ${known.join(', ')}.`,
    );
  }
  const isUnique =
    apis.filter(({ stages }) => stages.some((stage) => stage.stageName === stageName)).length === 1;
  return isUnique ? stageName : `${api.apiId}/${stageName}`;
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function displayHost(host: string): string {
  if (host === DEFAULT_HOST || reachable(host) !== host) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
