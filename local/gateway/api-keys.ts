/**
 * API keys of `$connect` with their usage plans. Source: "Protect your WebSocket APIs", and "Usage plans and API
 * keys" of REST APIs.
 */
import type { ApiKey, ApiKeySettings, UsagePlan } from '../assembly/model';
import type { Clock } from '../clock';
import type { Log } from '../log';
import type { DeployedStage } from './deployed-stage';
import { FORBIDDEN, QUOTA_EXCEEDED, type Refusal, TOO_MANY_REQUESTS } from './refusal';
import { TokenBucket } from './token-bucket';

export type KeyCheck = { kind: 'refused'; refusal: Refusal } | { kind: 'identified'; key: ApiKey };

interface Use {
  bucket?: TokenBucket;
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
  check(stage: DeployedStage, settings: ApiKeySettings, value: string | undefined): KeyCheck {
    const refused = (why: string, refusal: Refusal = FORBIDDEN): KeyCheck => {
      this.#log.warn(`A handshake with /${stage.stageName} is refused: ${why}.`);
      return { kind: 'refused', refusal };
    };
    if (!value) return refused(`it has no API key ${SOURCES[settings.source]}`);
    const key = settings.keys.find((one) => one.value === value);
    if (!key) return refused(`the app has no such API key${generatedKeys(settings)}`);
    if (!key.isEnabled) return refused(`the API key ${key.path} is not enabled`);
    const plan = key.plans.find(({ stageNames }) => stageNames.includes(stage.stageName));
    if (!plan) {
      return refused(
        `the API key ${key.path} has no usage plan with the stage ${stage.stageName}; add the stage to a plan, and the key to that plan`,
      );
    }
    const use = this.#use(key, plan);
    if (plan.quota && use.requests >= plan.quota.limit) {
      const { limit, period } = plan.quota;
      return refused(`the usage plan ${plan.path} allows ${limit} requests a ${period}`, QUOTA_EXCEEDED);
    }
    if (use.bucket && !use.bucket.take()) {
      return refused(`the usage plan ${plan.path} throttles the key ${key.path}`, TOO_MANY_REQUESTS);
    }
    use.requests++;
    return { kind: 'identified', key };
  }

  #use(key: ApiKey, plan: UsagePlan): Use {
    const id = `${plan.id}/${key.id}`;
    const periodStart = plan.quota ? startOfPeriod(this.#clock.now(), plan.quota) : 0;
    const known = this.#uses.get(id);
    if (known) {
      if (known.periodStart !== periodStart) Object.assign(known, { periodStart, requests: 0 });
      return known;
    }
    const { perSecond = 10_000, burst = 5_000 } = plan.throttle ?? {};
    const use: Use = {
      ...(plan.throttle && { bucket: new TokenBucket({ perSecond, burst }, this.#clock) }),
      periodStart,
      requests: 0,
    };
    this.#uses.set(id, use);
    return use;
  }
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
