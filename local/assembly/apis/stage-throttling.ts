/** How a stage throttles: `DefaultRouteSettings`, and `RouteSettings` by route key. */
import type { StageThrottling, Throttle } from '../model';
import { isObject, type Json, type JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

/** `undefined` if the stage leaves all to the account. */
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
