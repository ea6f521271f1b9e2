/** The messages of a class without `onClientMessage`: stored in the inbox for a reader or for the socket's owner. */
import { dedicatedConnection } from '../dedicated/dedication';
import { isFree, OwnershipStore } from '../dedicated/ownership';
import { Inbox } from '../inbox/inbox';
import type { MessageEvent } from './events';
import type { ServiceFunction } from './service-function';

/** How many connections an environment remembers as dedicated or not. */
const REMEMBERED = 10_000;

export class IncomingMessages {
  readonly #dedicated = new Map<string, boolean>();

  constructor(private readonly shared: ServiceFunction) {}

  async keep({ requestContext, body = '' }: MessageEvent): Promise<void> {
    const { table, clock } = this.shared.backend;
    const { connectionId, messageId, requestTimeEpoch: sentAt } = requestContext;
    const inbox = new Inbox(connectionId, table, clock);
    if (!(await inbox.put({ messageId, sentAt, body }))) {
      console.warn(
        `Message ${messageId} of WebSocket ${connectionId} is dropped: it arrived ${clock.now() - sentAt} ms after it was sent, and API Gateway has reported a timeout to its sender.`,
      );
      return;
    }
    if (await this.#isDedicated(connectionId)) await this.#wakeOwner(connectionId);
  }

  remember(webSocketId: string, isDedicated: boolean): void {
    if (this.#dedicated.size >= REMEMBERED) this.#dedicated.clear();
    this.#dedicated.set(webSocketId, isDedicated);
  }

  async #isDedicated(webSocketId: string): Promise<boolean> {
    const known = this.#dedicated.get(webSocketId);
    if (known !== undefined) return known;
    const isDedicated = (await dedicatedConnection(this.shared, webSocketId)) !== undefined;
    this.remember(webSocketId, isDedicated);
    return isDedicated;
  }

  /** If the owner has crashed or not started yet, requests one. */
  async #wakeOwner(webSocketId: string): Promise<void> {
    const { table, clock, invoker } = this.shared.backend;
    const ownership = await new OwnershipStore(webSocketId, table, clock).get();
    if (!ownership || !isFree(ownership, clock.now())) return;
    await invoker.invoke(this.shared.serverFunction, { type: 'server', webSocketId });
  }
}
