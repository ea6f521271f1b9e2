/** A WebSocket API: its stages, limits, API keys and host names. */
import type { Route } from './route';

export interface WebSocketApi {
  /** The construct path in the app (`Stack/Chat/Api/Resource`), for messages. */
  path: string;
  /** Ten lower-case characters, the same in every run of the same app. */
  apiId: string;
  name: string;
  /** For instance `$request.body.action`. */
  routeSelectionExpression: string;
  /** Present if a route requires API keys. */
  apiKeys?: ApiKeySettings;
  routes: Route[];
  stages: Stage[];
  customDomains?: CustomDomain[];
  /** Whether only the custom domains work, not the API's own host. */
  isExecuteApiDisabled?: boolean;
}

export interface Stage {
  path: string;
  stageName: string;
  /** Left out of events if empty. */
  variables: Record<string, string>;
  throttling?: StageThrottling;
  /** The format of its access log, if it has one. */
  accessLogFormat?: string;
}

export interface StageThrottling {
  /** For routes without settings of their own. */
  stage?: Throttle;
  byRoute: Record<string, Throttle>;
}

/** A token bucket. The account's quotas apply where a limit is absent. */
export interface Throttle {
  perSecond?: number;
  burst?: number;
}

/** The API keys of the app that matter to one API. */
export interface ApiKeySettings {
  /** Where a request's key comes from: the header `x-api-key`, or the authorizer's `usageIdentifierKey`. */
  source: 'header' | 'authorizer';
  keys: ApiKey[];
}

export interface ApiKey {
  path: string;
  id: string;
  value: string;
  /** Whether the template has no value, so that AWS generates a different one. */
  isGenerated?: boolean;
  isEnabled: boolean;
  /** The plans that include stages of this API. */
  plans: UsagePlan[];
}

export interface UsagePlan {
  path: string;
  id: string;
  stageNames: string[];
  throttle?: Throttle;
  /** The throttles of a REST API's methods, by stage and by `/rooms/GET`. */
  byMethod?: Record<string, Record<string, Throttle>>;
  quota?: { limit: number; period: 'DAY' | 'WEEK' | 'MONTH'; offsetDays: number };
}

/** `wss://{domainName}/{mappingKey}` leads to a stage. */
export interface CustomDomain {
  /** In lower case. */
  domainName: string;
  stageName: string;
  /** Empty for the domain's root. Keys such as `orders/v1` have several segments. */
  mappingKey: string;
}
