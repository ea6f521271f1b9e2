/** Reads the API keys and usage plans of an API. */
import type { Assembly } from '../assembly';
import type { ApiKey, ApiKeySettings, Throttle, UsagePlan } from '../model';
import { isObject, type Json, type JsonObject } from '../values/json';
import { hashText } from '../values/physical-names';
import type { Resource } from '../values/resource';
import { throttleOf } from './stage-throttling';

const KEY = 'AWS::ApiGateway::ApiKey';
const PLAN = 'AWS::ApiGateway::UsagePlan';
const PLAN_KEY = 'AWS::ApiGateway::UsagePlanKey';

/** The values of a WebSocket API's ApiKeySelectionExpression, and of a REST API's ApiKeySourceType. */
const SOURCES: Record<'expression' | 'type', Record<string, ApiKeySettings['source']>> = {
  expression: {
    '$request.header.x-api-key': 'header',
    '$context.authorizer.usageIdentifierKey': 'authorizer',
  },
  type: { HEADER: 'header', AUTHORIZER: 'authorizer' },
};

/** Keys may have 20 to 128 characters. AWS generates 40. */
const GENERATED_LENGTH = 40;

/** @throws {UserError} if AWS would refuse the API's ApiKeySelectionExpression or ApiKeySourceType */
export function readApiKeys(api: Resource, apiId: string, assembly: Assembly): ApiKeySettings {
  const isRest = api.type === 'AWS::ApiGateway::RestApi';
  const property = isRest ? 'ApiKeySourceType' : 'ApiKeySelectionExpression';
  const known = SOURCES[isRest ? 'type' : 'expression'];
  const given = api.text(property) ?? Object.keys(known)[0] ?? '';
  const source = known[given];
  if (!source) {
    throw api.mistake(`its ${property} is ${given}; AWS allows ${Object.keys(known).join(' and ')}`);
  }
  const plans = assembly.resources(PLAN).flatMap((plan) => readPlan(plan, apiId));
  const planKeys = assembly.resources(PLAN_KEY);
  const keys = assembly.resources(KEY).map((key): ApiKey => {
    const id = key.ref;
    const planIds = planKeys.filter((one) => one.text('KeyId') === id).map((one) => one.text('UsagePlanId'));
    const value = key.text('Value');
    return {
      path: key.path,
      id,
      value: value ?? hashText(`${key.stack.name}/${key.logicalId}/value`, GENERATED_LENGTH),
      ...(value === undefined && { isGenerated: true }),
      // CloudFormation's default is `false`, the CDK's `true`.
      isEnabled: key.flag('Enabled'),
      plans: plans.filter((plan) => planIds.includes(plan.id)),
    };
  });
  return { source, keys };
}

function readPlan(plan: Resource, apiId: string): UsagePlan[] {
  const stages = plan.property('ApiStages');
  const ofApi = (Array.isArray(stages) ? stages : [])
    .filter(isObject)
    .filter((stage) => stage.ApiId === apiId);
  const stageNames = ofApi.map((stage) => String(stage.Stage));
  if (stageNames.length === 0) return [];
  const throttle = planThrottle(plan.property('Throttle'));
  const byMethod = Object.fromEntries(
    ofApi.flatMap(({ Stage, Throttle }) => {
      const throttles = Object.entries(isObject(Throttle) ? Throttle : {}).flatMap(([method, value]) => {
        const read = planThrottle(value);
        return read ? [[method, read] as const] : [];
      });
      return throttles.length > 0 ? [[String(Stage), Object.fromEntries(throttles)]] : [];
    }),
  );
  const quota = quotaOf(plan.property('Quota'), plan);
  return [
    {
      path: plan.path,
      id: plan.ref,
      stageNames,
      ...(throttle && { throttle }),
      ...(Object.keys(byMethod).length > 0 && { byMethod }),
      ...(quota && { quota }),
    },
  ];
}

/** `RateLimit` and `BurstLimit` here, where stages say `ThrottlingRateLimit`. */
function planThrottle(value: Json | undefined): Throttle | undefined {
  if (!isObject(value)) return undefined;
  return throttleOf({
    ThrottlingRateLimit: value.RateLimit,
    ThrottlingBurstLimit: value.BurstLimit,
  } as JsonObject);
}

const PERIODS = ['DAY', 'WEEK', 'MONTH'] as const;

function quotaOf(value: Json | undefined, plan: Resource): UsagePlan['quota'] | undefined {
  if (!isObject(value) || value.Limit === undefined) return undefined;
  const period = PERIODS.find((one) => one === value.Period);
  if (!period) {
    throw plan.mistake(`its Quota has the Period ${String(value.Period)}; AWS allows ${PERIODS.join(', ')}`);
  }
  return { limit: Number(value.Limit), period, offsetDays: Number(value.Offset ?? 0) };
}
