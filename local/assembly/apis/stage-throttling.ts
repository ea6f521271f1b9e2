/** Reads a stage's throttling: `DefaultRouteSettings`, and `RouteSettings` by route key. */
import type { StageThrottling, Throttle } from '../model';
import { isObject, type Json, type JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

/** `undefined` if only the account's quotas apply. */
export function readThrottling(stage: Resource): StageThrottling | undefined {
  const ofStage = throttleOf(stage.property('DefaultRouteSettings'));
  const settings = stage.property('RouteSettings');
  const byRoute = Object.fromEntries(
    Object.entries(isObject(settings) ? settings : {}).flatMap(([routeKey, value]) => {
      const throttle = throttleOf(value);
      return throttle ? [[routeKey, throttle]] : [];
    }),
  );
  if (!ofStage && Object.keys(byRoute).length === 0) return undefined;
  return { ...(ofStage && { stage: ofStage }), byRoute };
}

/**
 * The same of a REST API's stage: `MethodSettings`, where slashes of a path are written `~1`, and asterisks stand for the
 * stage.
 */
export function readMethodThrottling(stage: Resource): StageThrottling | undefined {
  const given = stage.property('MethodSettings');
  const settings = (Array.isArray(given) ? given : []).filter(isObject).flatMap((one) => {
    const throttle = throttleOf(one);
    const path = String(one.ResourcePath ?? '/*')
      .replace(/^\/(?=~1|\*)/, '')
      .replaceAll('~1', '/');
    return throttle ? [{ key: `${path}/${String(one.HttpMethod ?? '*')}`, throttle }] : [];
  });
  if (settings.length === 0) return undefined;
  const ofStage = settings.find(({ key }) => key === '*/*')?.throttle;
  const byRoute = Object.fromEntries(
    settings.filter(({ key }) => key !== '*/*').map(({ key, throttle }) => [key, throttle]),
  );
  return { ...(ofStage && { stage: ofStage }), byRoute };
}

export function throttleOf(settings: Json | undefined): Throttle | undefined {
  if (!isObject(settings)) return undefined;
  const perSecond = numberIn(settings, 'ThrottlingRateLimit');
  const burst = numberIn(settings, 'ThrottlingBurstLimit');
  if (perSecond === undefined && burst === undefined) return undefined;
  return { ...(perSecond !== undefined && { perSecond }), ...(burst !== undefined && { burst }) };
}

function numberIn(settings: JsonObject, name: string): number | undefined {
  const value = settings[name];
  const number = value === undefined || value === null ? Number.NaN : Number(value);
  return Number.isNaN(number) ? undefined : number;
}
