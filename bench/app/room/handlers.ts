/** A room with presence, sent as whole lists. */
import { type ChannelRules, createHandlers, WebSocketServer } from '../../../lib';

class RoomServer extends WebSocketServer {
  static override readonly channels: ChannelRules = { room: { joinLeave: 'lists' } };

  override async onPreServer(): Promise<void> {
    await this.identify({ user: this.webSocketId });
    await this.subscribe('room');
  }
}

export const { routes, server } = createHandlers(RoomServer);
