import { InvalidUseError, WebSocketServer } from '../../../lib';
import { connectEvent, lambdaContext, TestService } from '../../../lib/testing';

/** Chooses the best of the subprotocols that it supports. */
class Choosing extends WebSocketServer {
  override async onPreServer() {
    const chosen = ['chat', 'superchat'].find((name) => this.subprotocols.includes(name));
    if (chosen) this.subprotocol = chosen;
  }
}

describe('subprotocol', () => {
  it.each([
    ['one of those offered', ['superchat', 'chat'], 'chat'],
    ['none where none fits', ['morse'], undefined],
    ['none where none is offered', [], undefined],
  ])('is %s', async (_name, subprotocols, expected) => {
    const client = await new TestService(Choosing).connect({ subprotocols });
    expect(client.subprotocol).toBe(expected);
  });

  it('is returned by $connect as a header', async () => {
    const { handlers } = new TestService(Choosing);
    const event = connectEvent({ headers: { 'Sec-WebSocket-Protocol': 'chat' } });
    expect(await handlers.connect(event, lambdaContext())).toEqual({
      statusCode: 200,
      headers: { 'Sec-WebSocket-Protocol': 'chat' },
    });
  });

  it('is offered in order, in one or several headers, in any case of the header’s name', async () => {
    const offered: (readonly string[])[] = [];
    class Listening extends WebSocketServer {
      override async onPreServer() {
        offered.push(this.subprotocols);
      }
    }
    const { handlers } = new TestService(Listening);
    const event = connectEvent({ headers: { 'sec-websocket-protocol': 'c' } });
    event.multiValueHeaders['sec-websocket-protocol'] = ['b, a', 'c'];
    await handlers.connect(event, lambdaContext());
    expect(offered).toEqual([['b', 'a', 'c']]);
  });

  it('must be one of the offered ones', async () => {
    class Stubborn extends WebSocketServer {
      override async onPreServer() {
        this.subprotocol = 'chat';
      }
    }
    const service = new TestService(Stubborn);
    await expect(service.connect({ subprotocols: ['a', 'b'] })).rejects.toThrow(InvalidUseError);
    await expect(service.connect({ subprotocols: ['a', 'b'] })).rejects.toThrow(/"chat" .+ offers "a", "b"/);
    await expect(service.connect()).rejects.toThrow(/"chat" .+ offers none/);
    expect(service.table.items()).toEqual([]);
  });

  it('can be chosen only in onPreServer', async () => {
    class Late extends WebSocketServer {
      override async server() {
        this.subprotocol = 'chat';
      }
    }
    const connecting = new TestService(Late).connect({ subprotocols: ['chat'] });
    await expect(connecting).rejects.toThrow(/subprotocol was set in server/);
  });

  it('is not part of a refusal', async () => {
    class Doorkeeper extends WebSocketServer {
      override async onPreServer() {
        this.subprotocol = 'chat';
        this.refuse(401);
      }
    }
    const { handlers } = new TestService(Doorkeeper);
    const event = connectEvent({ headers: { 'Sec-WebSocket-Protocol': 'chat' } });
    expect(await handlers.connect(event, lambdaContext())).toEqual({ statusCode: 401 });
  });
});
