/** By when an invocation must have come to an end by itself: what is cut off by Lambda's timeout is lost without a word. */
import type { Clock } from '../clock';
import type { LambdaContext } from './events';

/** Kept back for the last writes of an invocation, and its answer. */
const MARGIN_MILLISECONDS = 2_000;

/** Milliseconds since the epoch. */
export function deadlineOf(context: LambdaContext, clock: Clock): number {
  return clock.now() + Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MILLISECONDS);
}
