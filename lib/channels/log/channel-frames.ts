/**
 * How a channel with a log talks to its members: what a server class may override, and the default, one JSON object a
 * line, with lines grouped into frames.
 */
import { MAX_MESSAGE_BYTES } from '../../delivery/delivery';
import { messageText } from '../../messages/message-text';
import type { Line, Position } from './log-items';

/** The answer to a subscription. */
export interface Joined extends Position {
  channel: string;
  /**
   * Whether nothing is missing between `since` and `offset`: then `lines` is complete. Missing if the client did not
   * say where it was.
   */
  recovered?: boolean;
  /** What the client missed, in order. */
  lines: Line[];
  /** The `request` that was passed to `subscribe`. */
  request?: unknown;
}

/** A member that is to subscribe again. */
export interface Subscriber {
  /** Whether the server has subscribed it without a request from the client. */
  byServer: boolean;
}

/** The static methods of a server class that encode what a channel's members get as frames. */
export interface ChannelFrames {
  encodeLines(channel: string, lines: Line[]): string[];
  encodeJoined(joined: Joined): string[];
  encodeResubscribe(channel: string, subscriber: Subscriber): string | undefined;
  encodePublication(channel: string, data: unknown, info?: unknown): string;
}

/** A frame up to this size is billed as one message. Source: API Gateway pricing, "metered in 32 KB increments". */
const GATHERED_BYTES = 32 * 1024;

/** Texts in as few frames as possible, separated by line feeds. A text that is too long gets a frame of its own. */
export function gathered(texts: Iterable<string>, maxBytes = GATHERED_BYTES): string[] {
  const frames: string[] = [];
  let frame: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const more = Buffer.byteLength(text) + 1;
    if (frame.length > 0 && bytes + more > maxBytes) {
      frames.push(frame.join('\n'));
      [frame, bytes] = [[], 0];
    }
    frame.push(text);
    bytes += more;
  }
  if (frame.length > 0) frames.push(frame.join('\n'));
  return frames;
}

export const defaultFrames: ChannelFrames = {
  encodeLines: (channel, lines) => gathered(lines.map((line) => lineText(channel, line))),
  encodeJoined: ({ channel, epoch, offset, recovered, lines }) =>
    gathered([
      JSON.stringify({ channel, epoch, offset, ...(recovered !== undefined && { recovered }) }),
      ...lines.map((line) => lineText(channel, line)),
    ]),
  encodeResubscribe: () => undefined,
  encodePublication: (_channel, data) => messageText(data),
};

/** The class's own methods, or else the defaults. */
export function framesOfClass(ServerClass: Partial<ChannelFrames>): ChannelFrames {
  return {
    encodeLines: (channel, lines) =>
      ServerClass.encodeLines?.(channel, lines) ?? defaultFrames.encodeLines(channel, lines),
    encodeJoined: (joined) => ServerClass.encodeJoined?.(joined) ?? defaultFrames.encodeJoined(joined),
    encodeResubscribe: (channel, subscriber) => ServerClass.encodeResubscribe?.(channel, subscriber),
    encodePublication: (channel, data, info) =>
      ServerClass.encodePublication?.(channel, data, info) ??
      defaultFrames.encodePublication(channel, data, info),
  };
}

function lineText(channel: string, { offset, epoch, data }: Line): string {
  return JSON.stringify({ channel, offset, epoch, data });
}

/**
 * The frames of some lines. A line that its class cannot encode, or that is too large for API Gateway, must not block
 * the others forever: it is left out and logged.
 */
export function framesOf(frames: ChannelFrames, channel: string, lines: Line[]): string[] {
  try {
    return sendable(frames.encodeLines(channel, lines));
  } catch (error) {
    if (lines.length > 1) return lines.flatMap((line) => framesOf(frames, channel, [line]));
    console.error(`Line ${lines[0]?.offset} of the channel ${channel} cannot be sent: ${String(error)}`);
    return [];
  }
}

function sendable(frames: string[]): string[] {
  for (const frame of frames) {
    const bytes = Buffer.byteLength(frame);
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a frame has ${bytes} bytes, and API Gateway sends at most ${MAX_MESSAGE_BYTES}`);
    }
  }
  return frames;
}
