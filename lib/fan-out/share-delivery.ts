/**
 * A worker: delivers to its share of a large channel, and stores a checkpoint every second. If its time runs out, a new invocation
 * continues. If it crashes, Lambda retries, and the retry continues from the checkpoint, so some members may get the message twice.
 */
import type { ServiceContext } from '../service-context';
import { Progress } from './progress';
import { membersIn, type Share, ShareStore } from './shares';

const CHECKPOINT_MILLISECONDS = 1_000;
/** No post begins this close to the deadline, so that the last ones have their whole budget. */
const LAST_POSTS_MILLISECONDS = 12_000;

/** `worker` is the id of Lambda's request, which is the same for a retry. `again` requests a new invocation. */
export async function deliverShare(
  service: ServiceContext,
  share: Share,
  worker: string,
  again: (share: Share) => Promise<void>,
): Promise<void> {
  const { clock, table } = service.backend;
  const store = new ShareStore(table, clock);
  const taken = await store.take(share, worker, service.deadline);
  if (!taken) {
    const waiting = await store.handedOver(share);
    if (waiting) await again(waiting);
    return;
  }
  const from = { after: taken.after };
  const progress = new Progress(taken);
  let isOver = true;
  let isLost = false;

  async function* members() {
    let checkpointAt = clock.now() + CHECKPOINT_MILLISECONDS;
    const passed = new Set(share.except);
    for await (const member of membersIn(table, service.name, { ...share, ...from })) {
      if (passed.has(member.webSocketId)) continue;
      const now = clock.now();
      if (now > service.deadline - LAST_POSTS_MILLISECONDS) {
        isOver = false;
        return;
      }
      if (now >= checkpointAt) {
        checkpointAt = now + CHECKPOINT_MILLISECONDS;
        isLost = !(await store.checkpoint(share, worker, progress.soFar));
        if (isLost) return;
      }
      progress.begin(member.webSocketId, member.sk);
      yield member;
    }
  }

  const counts = await service.deliverTo(
    members(),
    share.data,
    share.options,
    ({ webSocketId }, count, reason) => progress.decide(webSocketId, count, reason),
  );
  progress.addThrottled(counts.throttled);
  service.note({ channel: share.channel, counts });
  // Another worker took the share while this one was stalled.
  if (isLost) return;
  if (isOver) {
    await store.finish(share, worker, progress.soFar);
    return;
  }
  const released = await store.release(share, worker, progress.soFar);
  if (released) await again(released);
}
