/**
 * The condition keys that do not depend on the caller.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
import { ANONYMOUS } from './denial';
import type { RequestContext } from './request-context';

/** Of a request without a signature. */
export function contextOfAnyone(own: RequestContext | undefined, region: string): RequestContext {
  return (key) => {
    if (key === 'aws:principaltype') return ['Anonymous'];
    if (key === 'aws:userid') return [ANONYMOUS];
    return ofAnyCall(key, region) ?? own?.(key);
  };
}

export function ofAnyCall(key: string, region: string): readonly string[] | undefined {
  switch (key) {
    case 'aws:requestedregion':
      return [region];
    case 'aws:securetransport':
      return ['true'];
    case 'aws:viaawsservice':
    case 'aws:principalisawsservice':
      return ['false'];
    case 'aws:currenttime':
      return [new Date().toISOString()];
    case 'aws:epochtime':
      return [String(Math.floor(Date.now() / 1000))];
    default:
      return undefined;
  }
}
