/** Supports the subprotocol `chat`, refuses clients that offer only others, and tells each client its session. */
import { createHandlers, WebSocketServer } from '../../../../lib';

class SessionServer extends WebSocketServer {
  override sessionEndOnClose = true;

  override async onPreServer() {
    if (!this.subprotocols.includes('chat')) this.refuse(401);
    this.subprotocol = 'chat';
  }
  override async server() {
    await this.write(this.sessionId);
  }
  override async onClientMessage() {
    await this.service.deliver('to the session', { to: this.service.session(this.sessionId).members() });
  }
  override async onSessionEnd() {}
}

export const { routes, server } = createHandlers(SessionServer);
