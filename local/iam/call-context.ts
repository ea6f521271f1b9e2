/**
 * What conditions may ask about a request.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
import type { AccessApp } from './access-app';
import { userIdOf } from './caller';
import { ANONYMOUS } from './denial';
import type { Identity } from './identities';
import type { PolicyPrincipal } from './policy-evaluator';
import type { RequestContext } from './request-context';

/** Of a caller. @param own the keys that the service adds */
export function contextOfCaller(
  identity: Identity,
  { roleArn }: PolicyPrincipal,
  { accountId, region, functions }: AccessApp,
  own: RequestContext | undefined,
): RequestContext {
  return (key) => {
    switch (key) {
      case 'aws:principalarn':
        return [roleArn];
      case 'aws:principalaccount':
      case 'aws:resourceaccount':
        return [accountId];
      case 'aws:principaltype':
        return [identity.kind === 'person' ? 'User' : 'AssumedRole'];
      case 'aws:username':
        return identity.kind === 'person' ? [identity.credentials.accessKeyId] : undefined;
      case 'aws:userid':
        return [userIdOf(identity)];
      case 'lambda:sourcefunctionarn': {
        const name = identity.kind === 'function' ? identity.functionName : undefined;
        const found = functions.find(({ functionName }) => functionName === name);
        return found && [found.functionArn];
      }
      default:
        return ofAnyCall(key, region) ?? own?.(key);
    }
  };
}

/** Of a request without a signature. */
export function contextOfAnyone(own: RequestContext | undefined, region: string): RequestContext {
  return (key) => {
    if (key === 'aws:principaltype') return ['Anonymous'];
    if (key === 'aws:userid') return [ANONYMOUS];
    return ofAnyCall(key, region) ?? own?.(key);
  };
}

function ofAnyCall(key: string, region: string): readonly string[] | undefined {
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
