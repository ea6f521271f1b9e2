import fc from 'fast-check';
import { ChatProtocolError, parseClientMessage as parseChat } from '../../functions/chat/messages';
import { ChatServer } from '../../functions/chat/server';
import {
  NotificationsProtocolError,
  parseClientMessage as parseNotifications,
} from '../../functions/notifications/messages';
import { notificationsServer } from '../../functions/notifications/server';
import type { ServerClass } from '../../lib/server/server-class';
import { type TestClient, TestService } from '../../lib/testing';

/** Values that cause trouble where a text, a number or a list is expected. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      { toString: 1 },
      { valueOf: 1, toString: null },
      [[]],
      [{}],
      {},
      [],
      null,
      true,
      0,
      -1,
      1e308,
      '',
      '*',
    ],
    ...[{ toJSON: 1 }, { length: -1 }, [null], 'a'.repeat(500), '\ud800'],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const KEYS = ['User', 'Message', 'Author', 'History', 'Ping', 'Password', 'Subscribe', 'Unsubscribe', 'Type'];
/** A frame with the keys of a protocol, any JSON, or any text. */
const frame = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...KEYS, '__proto__', 'constructor'), odd) },
  { weight: 1, arbitrary: odd },
);
const text = fc.oneof(
  { weight: 4, arbitrary: frame.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string() },
);

describe.each([
  ['chat', parseChat, ChatProtocolError],
  ['notifications', parseNotifications, NotificationsProtocolError],
] as const)('the protocol of the %s', (_name, parse, ProtocolError) => {
  it('accepts any text, or explains in a sentence what is wrong with it', () => {
    fc.assert(
      fc.property(text, (sent) => {
        try {
          expect(typeof parse(sent).kind).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect((error as Error).message.length).toBeLessThan(600);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('reports an object where a text belongs', () => {
    expect(() => parse('{"Message":{"toString":1},"User":{"toString":1}}')).toThrow(ProtocolError);
  });

  it('reports nested lists, however deep', () => {
    const deep = `${'['.repeat(16_000)}${']'.repeat(16_000)}`;
    for (const key of KEYS.filter((each) => each !== 'Ping')) {
      expect(() => parse(`{"${key}":${deep}}`)).toThrow(ProtocolError);
    }
  });
});

describe.each<[string, ServerClass]>([
  ['chat', ChatServer],
  ['notifications', notificationsServer()],
  [
    'notifications with a verifier',
    notificationsServer({ verifier: { verify: async () => false }, verificationMilliseconds: 0 }),
  ],
])('the %s', (_name, Server) => {
  it('fails for no message', async () => {
    const warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const service = new TestService(Server, { name: 'notifications' });
    await fc.assert(
      fc.asyncProperty(text, async (sent) => {
        const client: TestClient = await service.connect();
        await client.send(sent);
        for (const heard of client.messages) expect(heard).toMatchObject({ Type: expect.any(String) });
        await client.close();
      }),
      { numRuns: 40 },
    );
    warnings.mockRestore();
  });
});
