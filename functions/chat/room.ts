/** The chat as any process sees it: say a line to everyone, or read the last lines. */
import { type DeliveryReport, MAX_MESSAGE_BYTES, Service, type ServiceOptions } from '../../lib';
import { NumberedLog } from '../../lib/numbered-log';
import { type ChatLine, ChatProtocolError, type ServerMessage, sentAt, toBase64 } from './messages';
import { SYSTEM } from './nickname';

const MESSAGES_KEPT_SECONDS = 7 * 24 * 60 * 60;
const ERRORS_KEPT_SECONDS = 30 * 24 * 60 * 60;

export class ChatRoom {
  readonly #messages: NumberedLog;
  readonly #errors: NumberedLog;

  constructor(private readonly service: Service) {
    const { table, clock } = service.backend;
    this.#messages = new NumberedLog(table, clock, service.name, 'messages', MESSAGES_KEPT_SECONDS);
    this.#errors = new NumberedLog(table, clock, service.name, 'errors', ERRORS_KEPT_SECONDS);
  }

  /** For a process outside of the chat's functions. @throws ConfigurationError without `CONNECTION_TABLE` */
  static open(service = 'chat', options: ServiceOptions = {}): ChatRoom {
    return new ChatRoom(new Service(service, options));
  }

  /** Says a line to everyone as author `system`: the tutorial's BroadCast. */
  broadcast(text: string): Promise<DeliveryReport> {
    return this.say(SYSTEM, toBase64(text));
  }

  /**
   * Stores a line and sends it to everyone who is connected.
   * @throws ChatProtocolError if it is longer than API Gateway can send
   */
  async say(author: string, message: string): Promise<DeliveryReport> {
    const line: ChatLine = {
      Message: message,
      Author: author,
      Sent: sentAt(this.service.backend.clock.now()),
    };
    const frame = encode({ Type: 'Chat', ...line });
    const excess = Buffer.byteLength(frame) - MAX_MESSAGE_BYTES;
    if (excess > 0) {
      throw new ChatProtocolError(
        `The line is too long: with author and time, it is ${excess} bytes over API Gateway's limit of ${MAX_MESSAGE_BYTES}.`,
      );
    }
    await this.#messages.append({ ...line });
    const report = await this.service.deliver(frame);
    if (report.failed > 0) {
      await this.recordError(`A line reached ${report.sent} and failed for ${report.failed}`, report.reasons);
    }
    return report;
  }

  /** The last lines as one frame, oldest first: as many of `count` as API Gateway can send at once. */
  async history(count: number): Promise<string> {
    const lines: ChatLine[] = [];
    let bytes = Buffer.byteLength(encode({ Type: 'History', Messages: [] }));
    for await (const { Message, Author, Sent } of this.#messages.newestFirst(count)) {
      const line = { Message, Author, Sent } as ChatLine;
      bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
      if (bytes > MAX_MESSAGE_BYTES) break;
      lines.unshift(line);
      if (lines.length === count) break;
    }
    return encode({ Type: 'History', Messages: lines });
  }

  /** Stores an error under the next number. Never contains a client's text. */
  async recordError(error: string, details: Record<string, string | number> = {}): Promise<void> {
    await this.#errors.append({ error, details, at: sentAt(this.service.backend.clock.now()) });
  }
}

export function encode(message: ServerMessage): string {
  return JSON.stringify(message);
}
