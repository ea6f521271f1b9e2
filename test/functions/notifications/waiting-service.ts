/** A service whose `server()` waits for its client, with a clock that the test advances. */

import type { ServerClass } from '../../../lib/server/server-class';
import { lambdaContext, ManualClock, TestClient, TestService } from '../../../lib/testing';
import { connectEvent, newWebSocketId } from '../../../lib/testing/events';

export class WaitingService {
  readonly clock = new ManualClock();
  readonly service: TestService;

  constructor(Server: ServerClass) {
    this.service = new TestService(Server, { name: 'notifications', clock: this.clock });
  }

  /** Connects a client and runs `server()` in the background. `ended` resolves to its result. */
  async connect(query?: Record<string, string>): Promise<{ client: TestClient; ended: Promise<void> }> {
    const { handlers, gateway, functions } = this.service;
    const client = new TestClient(this.service, newWebSocketId(), undefined);
    const { webSocketId } = client;
    gateway.begin(webSocketId);
    const event = connectEvent({ webSocketId, time: this.clock.now(), ...(query && { query }) });
    await handlers.connect(event, lambdaContext());
    gateway.open(webSocketId);
    const request = functions.queue.shift()?.request;
    if (!request) throw new Error('$connect asked for no server()');
    const ended = handlers
      .server(request, lambdaContext({ remainingMilliseconds: 120_000 }))
      .then(() => undefined);
    await this.clock.advance(0);
    return { client, ended };
  }
}
