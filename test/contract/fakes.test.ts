import { setImmediate as turn } from 'node:timers/promises';
import { SharedConnection, WebSocketServer } from '../../lib';
import { systemClock } from '../../lib/clock';
import { TestService } from '../../lib/testing';
import { describeContract, type Place } from './contract';

/** The close codes, by connection id. */
const closeCodes = new Map<string, number | undefined>();

class InboxServer extends WebSocketServer {
  override async onPostServer(closeCode?: number) {
    closeCodes.set(this.webSocketId, closeCode);
  }
}

function fakes(): Place {
  const service = new TestService(InboxServer, { clock: systemClock });
  return {
    async connect() {
      const client = await service.connect();
      const { webSocketId } = client;
      let heard = 0;
      return {
        webSocketId,
        send: (text) => client.send(text),
        // The send has already stored it.
        stored: async () => {},
        async hears() {
          return client.received[heard++] as string;
        },
        close: () => client.close(),
        async closed() {
          while (service.gateway.isOpen(webSocketId)) await turn();
          await service.runQueued();
          return closeCodes.get(webSocketId) as number;
        },
      };
    },
    open: (webSocketId) => SharedConnection.open(webSocketId, { backend: service.backend }),
  };
}

describeContract('on the fakes', fakes());
