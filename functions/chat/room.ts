/** The chat as any process sees it: post a line to everyone, or read earlier lines. */
import {
  type ChannelRules,
  type Line,
  MAX_MESSAGE_BYTES,
  MessageTooLargeError,
  type Position,
  Service,
  type ServiceOptions,
} from '../../lib';
import { type ChatLine, ChatProtocolError, type ServerMessage, sentAt, toBase64 } from './messages';
import { SYSTEM } from './nickname';

/** The channel of everyone's lines. Its log is the chat's history. */
export const LINES = 'lines';
export const CHANNELS: ChannelRules = { [LINES]: { log: { size: 10_000, seconds: 7 * 24 * 60 * 60 } } };

/** A frame for each line, as in the tutorial. */
export function encodeLines(_channel: string, lines: Line[]): string[] {
  return lines.map((line) => encode({ Type: 'Chat', ...chatLine(line) }));
}

export class ChatRoom {
  constructor(private readonly service: Service) {}

  /** For processes other than the chat's functions. @throws ConfigurationError without `CONNECTION_TABLE` */
  static open(service = 'chat', options: ServiceOptions = {}): ChatRoom {
    const serverClass = { name: 'ChatServer', channels: CHANNELS, encodeLines };
    return new ChatRoom(new Service(service, { serverClass, ...options }));
  }

  /** Sends everyone a line from the author `system`: the tutorial's BroadCast. */
  broadcast(text: string): Promise<void> {
    return this.say(SYSTEM, toBase64(text));
  }

  /**
   * Stores a line, which everyone gets in the same order.
   * @throws ChatProtocolError if it is longer than API Gateway can send
   */
  async say(author: string, message: string): Promise<void> {
    try {
      await this.service.channel(LINES).publish({ Message: message, Author: author });
    } catch (error) {
      if (!(error instanceof MessageTooLargeError)) throw error;
      throw new ChatProtocolError(
        `The line is too long: with author, time and Id, it is ${error.bytes - error.limitBytes} bytes over API Gateway's limit of ${error.limitBytes}.`,
        { cause: error },
      );
    }
  }

  /**
   * The lines after one that the client has, or else the last lines, as one frame, oldest first: up to `count`, as many as API Gateway can
   * send at once. `More` means that others did not fit.
   */
  async history(count: number, after?: Position): Promise<string> {
    const channel = this.service.channel(LINES);
    const missed = after && (await channel.history({ since: after, limit: count + 1 }));
    const isWhole = missed?.recovered === true && missed.lines.length <= count;
    const newest = isWhole
      ? missed.lines.reverse()
      : (await channel.history({ limit: count, reverse: true })).lines;
    const lines: ChatLine[] = [];
    let bytes = Buffer.byteLength(encode({ Type: 'History', Messages: [], More: true }));
    for (const line of newest.map(chatLine)) {
      bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
      if (bytes > MAX_MESSAGE_BYTES) break;
      lines.unshift(line);
    }
    const more = after !== undefined && (!isWhole || lines.length < newest.length);
    return encode({ Type: 'History', Messages: lines, ...(more && { More: true }) });
  }
}

export function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}

function chatLine({ data, at, epoch, offset }: Line): ChatLine {
  const { Message, Author } = data as Pick<ChatLine, 'Message' | 'Author'>;
  return { Message, Author, Sent: sentAt(at), Id: `${epoch}.${offset}` };
}
