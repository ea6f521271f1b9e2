/** The permission that a request to Lambda needs. The runtime supports Invoke and ListFunctions. */
import { partitionOf } from '../../aws-domains';
import { LIST_FUNCTIONS_PATH } from '../../lambda/function-list';
import { invokeReference } from '../../lambda/invoke-reference';
import type { AccessApp, WantedAccess } from '../access';

/** Source: Service Authorization Reference, Lambda: the action has no resource types. */
const LIST_FUNCTIONS: WantedAccess = { action: 'lambda:ListFunctions', resource: '*' };

export function lambdaAccess(method: string, url: string, app: AccessApp): WantedAccess[] {
  const [path = ''] = url.split('?', 1);
  if (method === 'GET' && LIST_FUNCTIONS_PATH.test(path)) return [LIST_FUNCTIONS];
  const reference = invokeReference(method, url);
  if (!reference) return [];
  const { name = reference.text, qualifier } = reference;
  const known = app.functions.find(({ functionName }) => functionName === name)?.functionArn;
  const { region, accountId } = app;
  const arn = known ?? `arn:${partitionOf(region)}:lambda:${region}:${accountId}:function:${name}`;
  return [{ action: 'lambda:InvokeFunction', resource: qualifier ? `${arn}:${qualifier}` : arn }];
}
