import { InvalidUseError, WebSocketServer } from '../../../lib';
import { connectEvent, lambdaContext, ManualClock, TestService } from '../../../lib/testing';

describe('sharedConnection = false', () => {
  const refusal = (ServerClass: ConstructorParameters<typeof TestService>[0]) =>
    new TestService(ServerClass).handlers.connect(connectEvent(), lambdaContext());

  it('is refused in a class with onClientMessage, which would never be called', async () => {
    class Both extends WebSocketServer {
      override sharedConnection = false;
      override async server() {}
      override async onClientMessage() {}
    }
    await expect(refusal(Both)).rejects.toThrow(InvalidUseError);
    await expect(refusal(Both)).rejects.toThrow(
      /sharedConnection is false in Both, but it has onClientMessage/,
    );
  });

  it('is refused in a class without server()', async () => {
    class NoLoop extends WebSocketServer {
      override sharedConnection = false;
    }
    await expect(refusal(NoLoop)).rejects.toThrow(/it has no server\(\)/);
  });

  it('can be decided for each connection', async () => {
    const happened: string[] = [];
    class Either extends WebSocketServer {
      override async onPreServer() {
        this.sharedConnection = this.sessionId !== 'ada';
      }
      override async server() {
        happened.push(`server of ${this.sessionId}`);
      }
    }
    const clock = new ManualClock();
    const service = new TestService(Either, { clock, serverMilliseconds: 900_000 });
    const shared = await service.connect({ principalId: 'bob' });
    const dedicated = await service.connect({ principalId: 'ada' });
    await clock.advance(100);
    await service.loopsEnded();
    expect(happened).toEqual(['server of bob', 'server of ada']);
    expect(service.gateway.isOpen(shared.webSocketId)).toBe(true);
    expect(service.gateway.isOpen(dedicated.webSocketId)).toBe(false);
  });
});
