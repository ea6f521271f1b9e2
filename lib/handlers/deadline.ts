/** When an invocation must end by itself. Work that Lambda's timeout cuts off is lost silently. */
import type { Clock } from '../clock';
import type { LambdaContext } from './events';

/** Reserved for the last writes of an invocation, and its response. */
const MARGIN_MILLISECONDS = 2_000;

/** Milliseconds since the epoch. */
export function deadlineOf(context: LambdaContext, clock: Clock): number {
  return clock.now() + Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MILLISECONDS);
}
