/** The answer to a subscription to a channel with a log: the position, and what the client has missed. */
import type { Joined } from '../channels/log/channel-frames';
import type { Line, Position } from '../channels/log/log-items';
import { fitting, framesOfTexts, publicationOf, publicationTexts, pushText } from './protocol';
import { errors, replyError } from './realtime-errors';

/** What a subscription keeps until it is answered. */
export type JoinRequest =
  /** For a client's request: the id of its command, and further fields of the reply. */
  | {
      id: number;
      details: Record<string, unknown>;
      since?: Position;
      /** The client wants an error if it cannot recover, and subscribes again once it has loaded the state. */
      rejectsUnrecovered?: boolean;
    }
  /** The server subscribed it, and perhaps has something to tell its client. */
  | { byServer: true; since?: Position; data?: unknown };

/** As much of what a client has missed as fits into the answer. The rest follows as if it were published now. */
const ANSWER_BYTES = 25 * 1024;

export function joinedFrames(joined: Joined): string[] {
  const { channel, lines, request } = joined;
  if (request === undefined) return framesOfTexts(publicationTexts(channel, lines));
  const { since, ...by } = request as JoinRequest;
  return framesOfTexts('id' in by ? clientTexts(joined, by, since) : serverTexts(joined, since, by.data));
}

function clientTexts(
  { channel, epoch, offset, recovered, lines }: Joined,
  { id, details, rejectsUnrecovered }: Exclude<JoinRequest, { byServer: true }>,
  since: Position | undefined,
): string[] {
  if (since && !recovered && rejectsUnrecovered)
    return [JSON.stringify({ id, error: replyError(errors.unrecoverablePosition()) })];
  const [first, later] = split(lines);
  const subscribe = {
    ...{ recoverable: true, positioned: true, epoch },
    // A client that recovers counts on from where it was.
    offset: recovered && since ? since.offset : offset,
    ...(since && { was_recovering: true, recovered: recovered === true }),
    ...(first.length > 0 && { publications: first.map(publicationOf) }),
    ...details,
  };
  return [JSON.stringify({ id, subscribe }), ...publicationTexts(channel, later)];
}

/**
 * A client that recovers was told with the answer to its `connect` that its subscription continues. If the log no
 * longer has what it has missed, that subscription ends and a new one begins.
 */
function serverTexts(
  { channel, epoch, offset, recovered, lines }: Joined,
  since: Position | undefined,
  data: unknown,
): string[] {
  if (since && recovered) return publicationTexts(channel, lines);
  return [
    ...(since ? [pushText({ channel, unsubscribe: { code: 2500, reason: 'unrecoverable position' } })] : []),
    pushText({
      channel,
      subscribe: { recoverable: true, positioned: true, epoch, offset, ...(data !== undefined && { data }) },
    }),
    ...publicationTexts(channel, lines),
  ];
}

function split(lines: Line[]): [Line[], Line[]] {
  const end = fitting(lines.map(publicationOf), ANSWER_BYTES).length;
  return [lines.slice(0, end), lines.slice(end)];
}
