/**
 * Explains in the log why a request whose path names no stage got 403, which API Gateway's response does not.
 */
import { printable } from '../printable';
import type { DeployedStage } from './deployed-stage';

const MAX_PATH_CHARACTERS = 200;
/** `start` shows all stages. */
const MAX_PATHS = 5;

/** @param asked the request's method, or `A handshake for` */
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
