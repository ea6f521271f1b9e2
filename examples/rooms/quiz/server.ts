/**
 * A quiz that a room plays together: everyone sees the questions, the answers as they arrive, and who else is there.
 */
import { type ChannelRules, ClientError, type MessageOf, WebSocketServer } from 'shared-connection';
import { z } from 'zod';

const room = z.string().regex(/^[a-z0-9-]{1,40}$/);
const since = z.object({ epoch: z.string().max(64), offset: z.number().int().min(0) });

const messages = z.discriminatedUnion('type', [
  /** `since` is the last position of a returning client, which then receives the lines that it missed. */
  z.object({ type: z.literal('join'), room, since: since.optional() }),
  z.object({ type: z.literal('answer'), room, choice: z.number().int().min(0).max(9) }),
  z.object({ type: z.literal('leave'), room }),
]);

export class QuizServer extends WebSocketServer<typeof messages> {
  static override messages = messages;
  static override channels: ChannelRules = {
    'quiz/*': { log: { size: 1_000, seconds: 3_600 }, presence: true, joinLeave: 'differences' },
  };
  static override limits = { messagesPerSecond: 2, burst: 10, channels: 3 };

  /** The token has been verified. Its `sub` is the user, and others see its `name`. */
  override async onPreServer(): Promise<void> {
    const { sub, name } = this.request.authorizer;
    await this.identify({ user: String(sub), info: { name: String(name ?? sub).slice(0, 40) } });
  }

  override async onClientMessage(message: MessageOf<typeof messages>): Promise<void> {
    const channel = `quiz/${message.room}`;
    if (message.type === 'join') {
      await this.subscribe(channel, message.since && { since: message.since });
    } else if (message.type === 'leave') {
      await this.unsubscribe(channel);
    } else {
      await this.clientPublish(channel, { answer: message.choice, by: this.user });
    }
  }

  /** Only clients in a room may answer there. */
  override async onPublish(channel: string): Promise<boolean> {
    if ((await this.channels()).includes(channel)) return true;
    throw new ClientError('NotInRoom', 'Join the room before you answer.');
  }
}
