/**
 * Finds the stage that a request is for. On one machine, an API has three addresses: `/{stage}` if no other API has a
 * stage with this name, `/{apiId}/{stage}`, and `/{stage}` with API Gateway's own Host header. A custom domain has
 * two: `/{key}` with the domain in the Host header, and `/{domain}/{key}`.
 */
import type { Log } from '../log';
import { percentDecoded } from '../percent-decoded';
import type { DeployedStage } from './deployed-stage';
import { missingStageHint, pathsOf } from './missing-stage';

/** The path within a stage: its segments after the stage, decoded. */
export interface Address {
  stage: DeployedStage;
  /** The host that the client used, or the one that the local address stands in for. */
  domainName: string;
  /** API mappings of several levels pass header names in lower case. */
  lowersHeaderNames?: boolean;
  rest: string[];
}

const EXECUTE_API_HOST = /^([^.:]+)\.execute-api\.[^.:]+\.amazonaws\.com(?:\.cn)?(?::\d+)?$/i;

export class Addresses {
  readonly #byDomain = new Map<string, Map<string, DeployedStage>>();
  readonly #byApiId = new Map<string, Map<string, DeployedStage>>();
  readonly #byStageName = new Map<string, DeployedStage | 'several'>();
  readonly #byCustomDomain = new Map<string, Mapping[]>();
  readonly #stages: DeployedStage[];
  readonly #log: Log;

  constructor(stages: DeployedStage[], log: Log) {
    this.#stages = stages;
    this.#log = log;
    for (const stage of stages) {
      put(this.#byDomain, stage.executeApiHost, stage);
      this.#addCustomDomains(stage);
      put(this.#byApiId, stage.apiId, stage);
      const other = this.#byStageName.has(stage.stageName);
      this.#byStageName.set(stage.stageName, other ? 'several' : stage);
    }
  }

  #withinHost(stages: Map<string, DeployedStage> | undefined, segments: string[]): Address | 'unknown' {
    const address = within(stages, segments);
    if (address === 'unknown' || !address.stage.isExecuteApiDisabled) return address;
    this.#log.warn(
      `${address.stage.executeApiHost} is disabled (DisableExecuteApiEndpoint). Use ${address.domainName}.`,
    );
    return 'unknown';
  }

  /** The longest matching key of a domain wins. */
  #addCustomDomains(stage: DeployedStage): void {
    for (const { domainName, mappingKey } of stage.customDomains) {
      const mappings = this.#byCustomDomain.get(domainName) ?? [];
      mappings.push({ stage, key: mappingKey.split('/').filter((part) => part !== '') });
      mappings.sort((one, other) => other.key.length - one.key.length);
      this.#byCustomDomain.set(domainName, mappings);
    }
  }

  /** The stage with the same name of the same API. */
  twin({ apiId, stageName }: DeployedStage): DeployedStage | undefined {
    return this.#byApiId.get(apiId)?.get(stageName);
  }

  /**
   * Logs the valid paths for a request whose path names no stage. Logs nothing if the stage exists, because then the
   * request was refused for another reason.
   * @param asked the request's method, or `A handshake for`
   */
  tellOfMissingStage(asked: string, host: string | undefined, url: string): void {
    const [first = '', second = ''] = pathSegments(url);
    const byApiId = this.#byApiId.get(first);
    if (this.#byStageName.has(first) || byApiId?.has(second)) return;
    const ofHost = this.#byDomain.get(nameIn(host ?? ''));
    const paths = byApiId
      ? [...byApiId.keys()].map((stageName) => `/${first}/${stageName}`)
      : pathsOf(ofHost ? [...ofHost.values()] : this.#stages);
    if (paths.length > 0) this.#log.warn(missingStageHint(asked, url, paths));
  }

  /** The address; `'unknown'` if the API does not exist; undefined if the request is for no API at all. */
  find(host: string | undefined, url: string): Address | 'unknown' | undefined {
    const segments = pathSegments(url);
    if (host && EXECUTE_API_HOST.test(host)) {
      return this.#withinHost(this.#byDomain.get(nameIn(host)), segments);
    }
    const mappings = this.#byCustomDomain.get(nameIn(host ?? ''));
    if (mappings) return withinDomain(nameIn(host ?? ''), mappings, segments);
    const [first = ''] = segments;
    const domain = first.toLowerCase();
    const ofPath = this.#byCustomDomain.get(domain);
    if (ofPath) return withinDomain(domain, ofPath, segments.slice(1));
    const stages = this.#byApiId.get(first);
    if (stages) return within(stages, segments.slice(1));
    const stage = this.#byStageName.get(first);
    if (stage === 'several') {
      this.#log.warn(
        `Several APIs have a stage named ${first}, so /${first} is ambiguous. Use /{apiId}/${first}.`,
      );
      return 'unknown';
    }
    if (stage) return { stage, domainName: stage.domainName, rest: segments.slice(1) };
    return segments.slice(0, 3).includes('@connections') ? 'unknown' : undefined;
  }
}

/** A mapping of a custom domain, with its key in segments. */
interface Mapping {
  stage: DeployedStage;
  key: string[];
}

/** `undefined` if no key matches, because the domain may also belong to another API. */
function withinDomain(domainName: string, mappings: Mapping[], segments: string[]): Address | undefined {
  const mapping = mappings.find(({ key }) => key.every((part, index) => segments[index] === part));
  if (!mapping) return undefined;
  const { stage, key } = mapping;
  return {
    stage,
    domainName,
    ...(key.length > 1 && { lowersHeaderNames: true }),
    rest: segments.slice(key.length),
  };
}

function nameIn(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

function put(map: Map<string, Map<string, DeployedStage>>, key: string, stage: DeployedStage): void {
  const stages = map.get(key) ?? new Map<string, DeployedStage>();
  map.set(key, stages.set(stage.stageName, stage));
}

function within(stages: Map<string, DeployedStage> | undefined, segments: string[]): Address | 'unknown' {
  const stage = stages?.get(segments[0] ?? '');
  return stage ? { stage, domainName: stage.domainName, rest: segments.slice(1) } : 'unknown';
}

/** A trailing slash is ignored. Segments that cannot be decoded stay as they are. */
function pathSegments(url: string): string[] {
  const [path = ''] = url.split('?', 1);
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  return segments.map((segment) => (segment.includes('%') ? (percentDecoded(segment) ?? segment) : segment));
}
