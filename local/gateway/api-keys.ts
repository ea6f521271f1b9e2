/**
 * API keys with their usage plans. Source: "Protect your WebSocket APIs", and "Usage plans and API keys for REST
 * APIs".
 */
import type { ApiKey, ApiKeySettings, Throttle, UsagePlan } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import { FORBIDDEN, QUOTA_EXCEEDED, type Refusal, TOO_MANY_REQUESTS } from './refusal';
import { type Rate, TokenBuckets } from './token-bucket';

export type KeyCheck = { kind: 'refused'; refusal: Refusal } | { kind: 'identified'; key: ApiKey };

export interface KeyedRequest {
  /** For the log: `A handshake with /chat`. */
  what: string;
  stageName: string;
  /** As usage plans name a REST API's method: `/rooms/GET`. */
  method?: string;
}

interface Use {
  /** The plan's own has no name. The others are of methods that the plan throttles by themselves. */
  buckets: TokenBuckets;
  periodStart: number;
  requests: number;
}

export class ApiKeys {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #uses = new Map<string, Use>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param value the key from the client or the authorizer */
  check(request: KeyedRequest, settings: ApiKeySettings, value: string | undefined): KeyCheck {
    const { what, stageName } = request;
    const refused = (why: string, refusal: Refusal = FORBIDDEN): KeyCheck => {
      this.#log.warn(`${what} is refused: ${why}.`);
      return { kind: 'refused', refusal };
    };
    if (!value) return refused(`it has no API key ${SOURCES[settings.source]}`);
    const key = settings.keys.find((one) => one.value === value);
    if (!key) return refused(`the app has no such API key${generatedKeys(settings)}`);
    if (!key.isEnabled) return refused(`the API key ${key.path} is not enabled`);
    const plan = key.plans.find(({ stageNames }) => stageNames.includes(stageName));
    if (!plan) {
      return refused(
        `the API key ${key.path} has no usage plan with the stage ${stageName}; add the stage to a plan, and the key to that plan`,
      );
    }
    const use = this.#use(key, plan);
    if (plan.quota && use.requests >= plan.quota.limit) {
      const { limit, period } = plan.quota;
      return refused(`the usage plan ${plan.path} allows ${limit} requests a ${period}`, QUOTA_EXCEEDED);
    }
    if (this.#isThrottled(use, plan, request)) {
      return refused(`the usage plan ${plan.path} throttles the key ${key.path}`, TOO_MANY_REQUESTS);
    }
    use.requests++;
    return { kind: 'identified', key };
  }

  #isThrottled(use: Use, plan: UsagePlan, { stageName, method = '' }: KeyedRequest): boolean {
    const ofMethod = plan.byMethod?.[stageName]?.[method];
    if (ofMethod && !use.buckets.at(`${stageName}${method}`, rateOf(ofMethod)).take()) return true;
    return plan.throttle !== undefined && !use.buckets.at('', rateOf(plan.throttle)).take();
  }

  #use(key: ApiKey, plan: UsagePlan): Use {
    const id = `${plan.id}/${key.id}`;
    const periodStart = plan.quota ? startOfPeriod(this.#clock.now(), plan.quota) : 0;
    const known = this.#uses.get(id);
    if (known) {
      if (known.periodStart !== periodStart) Object.assign(known, { periodStart, requests: 0 });
      return known;
    }
    const use: Use = { buckets: new TokenBuckets(this.#clock), periodStart, requests: 0 };
    this.#uses.set(id, use);
    return use;
  }
}

function rateOf({ perSecond = 10_000, burst = 5_000 }: Throttle): Rate {
  return { perSecond, burst };
}

const SOURCES = {
  header: 'in the header x-api-key',
  authorizer: "as its authorizer's usageIdentifierKey",
};

/** AWS generates values for keys that have none. Users need to see the values that are generated here. */
function generatedKeys({ keys }: ApiKeySettings): string {
  const generated = keys.filter(({ isGenerated }) => isGenerated);
  if (generated.length === 0) return '';
  return `; the runtime generated ${generated.map(({ path, value }) => `${value} for ${path}`).join(', ')}`;
}

const DAY_MILLIS = 24 * 60 * 60_000;

/** In UTC: days, weeks that start on Sunday, and months, each shifted by the plan's offset in days. */
function startOfPeriod(now: number, { period, offsetDays }: NonNullable<UsagePlan['quota']>): number {
  const date = new Date(now - offsetDays * DAY_MILLIS);
  const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  if (period === 'DAY') return day;
  if (period === 'WEEK') return day - date.getUTCDay() * DAY_MILLIS;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
