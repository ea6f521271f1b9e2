import { InvalidUseError, WebSocketServer } from '../../../lib';
import { connectEvent, lambdaContext, TestService } from '../../../lib/testing';
import { happened, Recorder } from './recorder';

describe('onPreServer', () => {
  class Doorkeeper extends WebSocketServer {
    override async onPreServer() {
      this.refuse(401);
    }
  }
  class Eager extends WebSocketServer {
    override async onPreServer() {
      await this.write('too early');
    }
  }
  class Late extends WebSocketServer {
    override async server() {
      this.refuse();
    }
  }

  it('refuses with its status, and leaves nothing in the table', async () => {
    const service = new TestService(Doorkeeper);
    await expect(service.connect()).rejects.toThrow('401');
    expect(service.table.items()).toEqual([]);
  });

  it('cannot write, because the handshake is not finished', async () => {
    await expect(new TestService(Eager).connect()).rejects.toThrow(InvalidUseError);
  });

  it('is the only hook that can refuse', async () => {
    await expect(new TestService(Late).connect()).rejects.toThrow(/the handshake is already over/);
  });
});

describe('the allowed origins', () => {
  const allowedOrigins = ['https://chat.example', 'http://localhost:*'];
  const status = async (origin: string | undefined, header = 'Origin', allowed = allowedOrigins) => {
    const { handlers } = new TestService(Recorder, { allowedOrigins: allowed });
    const headers = origin === undefined ? {} : { [header]: origin };
    return (await handlers.connect(connectEvent({ headers }), lambdaContext())).statusCode;
  };

  beforeEach(() => {
    jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['no Origin at all, as from wscat', undefined, 200],
    ['one of them', 'https://chat.example', 200],
    ['one of them in capitals', 'HTTPS://CHAT.example', 200],
    ['any port where it is a star', 'http://localhost:3001', 200],
    ['the default port where it is a star', 'http://localhost', 200],
    ['a stranger', 'https://evil.example', 403],
    ['a longer name', 'https://chat.example.evil.example', 403],
    ['a name behind the port', 'http://localhost:1.evil.example', 403],
    ['another scheme', 'http://chat.example', 403],
    ['another port', 'https://chat.example:8443', 403],
    ['an opaque origin', 'null', 403],
    ['an empty one', '', 403],
  ])('decide on %s', async (_name, origin, expected) => {
    expect(await status(origin)).toBe(expected);
  });

  it('are read from the header in any case', async () => {
    expect(await status('https://evil.example', 'origin')).toBe(403);
  });

  it('are none by default, and all for a star', async () => {
    expect(await status('https://chat.example', 'Origin', [])).toBe(403);
    expect(await status('https://evil.example', 'Origin', ['*'])).toBe(200);
  });

  it('are checked before onPreServer', async () => {
    await status('https://evil.example');
    expect(happened).toEqual([]);
  });
});
