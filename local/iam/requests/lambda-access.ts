/** The permission that a request to Lambda needs. The runtime supports Invoke and ListFunctions. */
import { functionNameIn, qualifierIn } from '../../assembly/values/function-arn';
import { partitionOf } from '../../aws-domains';
import { LIST_FUNCTIONS_PATH } from '../../lambda/function-list';
import type { AccessApp, WantedAccess } from '../access';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

/** Source: Service Authorization Reference, Lambda: the action has no resource types. */
const LIST_FUNCTIONS: WantedAccess = { action: 'lambda:ListFunctions', resource: '*' };

export function lambdaAccess(method: string, url: string, app: AccessApp): WantedAccess[] {
  const [path = '', query] = url.split('?', 2);
  if (method === 'GET' && LIST_FUNCTIONS_PATH.test(path)) return [LIST_FUNCTIONS];
  const [, encoded] = INVOKE_PATH.exec(path) ?? [];
  if (method !== 'POST' || encoded === undefined) return [];
  const reference = decoded(encoded);
  const qualifier = new URLSearchParams(query).get('Qualifier') ?? qualifierIn(reference);
  const name = functionNameIn(reference);
  const known = app.functions.find(({ functionName }) => functionName === name)?.functionArn;
  const { region, accountId } = app;
  const arn = known ?? `arn:${partitionOf(region)}:lambda:${region}:${accountId}:function:${name}`;
  return [{ action: 'lambda:InvokeFunction', resource: qualifier ? `${arn}:${qualifier}` : arn }];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
