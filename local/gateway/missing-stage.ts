/**
 * The log's hint for a request that got 403 because its path names no stage. API Gateway does not say why; the log
 * does.
 */
import { printable } from '../printable';
import type { DeployedStage } from './deployed-stage';

const MAX_PATH_CHARACTERS = 200;
/** For more stages, see the start's screen. */
const MAX_PATHS = 5;

/** `asked` is the request: its method, or `A handshake for`, and its path as it came. */
export function missingStageHint(asked: string, url: string, paths: string[]): string {
  const [path = ''] = url.split('?', 1);
  const [, call = ''] = /(\/@connections(?:\/.*)?)$/.exec(path) ?? [];
  const usable = paths.slice(0, MAX_PATHS).map((each) => `${each}${call}`);
  const last = usable.pop();
  const use = usable.length > 0 ? `${usable.join(', ')} or ${last}` : last;
  return `${asked} ${short(path)} got 403: the path names no stage of an API. Use ${short(use ?? '')}.`;
}

/** `/{stage}` if only one API has a stage with that name, else `/{apiId}/{stage}`. */
export function pathsOf(stages: DeployedStage[]): string[] {
  return stages.map(({ apiId, stageName }) => {
    const isAlone = stages.filter((other) => other.stageName === stageName).length === 1;
    return isAlone ? `/${stageName}` : `/${apiId}/${stageName}`;
  });
}

function short(text: string): string {
  const safe = printable(text);
  return safe.length > MAX_PATH_CHARACTERS ? `${safe.slice(0, MAX_PATH_CHARACTERS)}…` : safe;
}
