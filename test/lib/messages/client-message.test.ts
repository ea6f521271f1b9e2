import * as v from 'valibot';
import { z } from 'zod';
import {
  ClientError,
  InvalidValueError,
  type MessageOf,
  SharedConnection,
  WebSocketServer,
} from '../../../lib';
import { TestService } from '../../../lib/testing';

const answer = z.object({
  type: z.literal('answer'),
  choices: z.array(z.number().int()).max(3),
  at: z.string().transform((text) => text.length),
});
const got: unknown[] = [];
const errors: unknown[] = [];
beforeEach(() => {
  got.length = 0;
  errors.length = 0;
});

class Quiz extends WebSocketServer<typeof answer> {
  static override messages = answer;
  override async onClientMessage({ type, choices, at }: MessageOf<typeof answer>) {
    got.push([type, choices.length, at.toFixed()]);
  }
}

describe('a class that declares its messages', () => {
  const told = async (message: unknown, ServerClass: ConstructorParameters<typeof TestService>[0] = Quiz) => {
    const client = await new TestService(ServerClass).connect();
    await client.send(message);
    const [frame] = client.messages;
    return frame as { message: string; code: string; issues: { path: string }[] };
  };

  it('receives the value that its schema returns for the JSON', async () => {
    expect(await told({ type: 'answer', choices: [1, 2], at: 'four' })).toBeUndefined();
    expect(got).toEqual([['answer', 2, '4']]);
  });

  it('does not receive an invalid message: the client is told where, by path and message', async () => {
    const frame = await told({ type: 'answer', choices: [1, 'two'], at: 4 });
    expect(got).toEqual([]);
    expect(frame).toMatchObject({
      code: 'InvalidMessage',
      message: expect.stringMatching(/^choices\[1\]: /),
      issues: [{ path: 'choices[1]' }, { path: 'at' }],
      connectionId: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it('does not receive text that is not JSON', async () => {
    const frame = await told('answer');
    expect(frame).toMatchObject({ issues: [{ path: '', message: 'The message is not JSON.' }] });
    expect(got).toEqual([]);
  });

  it('reports at most ten faults, each in 200 characters', async () => {
    const many = z.record(z.string(), z.literal('x'.repeat(1_000)));
    class Many extends WebSocketServer<typeof many> {
      static override messages = many;
    }
    Many.prototype.onClientMessage = async () => {};
    const frame = await told(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`k${n}`, 0])), Many);
    expect(frame.issues).toHaveLength(10);
    expect(JSON.stringify(frame).length).toBeLessThan(4_000);
  });

  it('may use another library that implements Standard Schema', async () => {
    const line = v.object({ text: v.pipe(v.string(), v.maxLength(3)) });
    class Chat extends WebSocketServer<typeof line> {
      static override messages = line;
      override async onClientMessage({ text }: MessageOf<typeof line>) {
        got.push(text.toUpperCase());
      }
    }
    expect(await told({ text: 'abc' }, Chat)).toBeUndefined();
    expect(await told({ text: 'abcd' }, Chat)).toMatchObject({ issues: [{ path: 'text' }] });
    expect(got).toEqual(['ABC']);
  });
});

describe('an error from a hook', () => {
  class Failing extends WebSocketServer {
    override async onPreServer() {
      if (this.request.query.has('late'))
        throw new ClientError('Late', 'The quiz has begun.', { status: 409 });
    }
    override async onClientMessage(data: string) {
      this.attributes.said = data;
      if (data === 'refuse') throw new ClientError('Closed', 'The question is closed.');
      throw new Error('password=hunter2');
    }
  }

  it('reaches the client if it is a ClientError, in the format of API Gateway’s own errors', async () => {
    const client = await new TestService(Failing).connect();
    await client.send('refuse');
    expect(client.messages).toEqual([
      {
        ...{ message: 'The question is closed.', code: 'Closed' },
        ...{ connectionId: client.webSocketId, requestId: expect.any(String) },
      },
    ]);
  });

  it('discards the attributes that the hook has changed', async () => {
    const service = new TestService(Failing);
    const client = await service.connect();
    await client.send('refuse');
    const connection = await service.service.store.connection(client.webSocketId);
    expect(connection?.attributes).toEqual({});
  });

  it('fails the invocation if it is any other error, and its message does not reach the client', async () => {
    const client = await new TestService(Failing).connect();
    await expect(client.send('hello')).rejects.toThrow('hunter2');
    expect(client.received).toEqual([]);
  });

  it('refuses a handshake with the status of a ClientError', async () => {
    await expect(new TestService(Failing).connect({ query: { late: '1' } })).rejects.toThrow('409');
  });

  it('is passed to onError, which may inform the client in another format', async () => {
    class Own extends Failing {
      override async onError(error: unknown) {
        errors.push(error);
        await this.write({ oops: error instanceof ClientError ? error.code : 'Internal' });
      }
    }
    const client = await new TestService(Own).connect();
    await client.send('refuse');
    await client.send('hello');
    expect(client.messages).toEqual([{ oops: 'Closed' }, { oops: 'Internal' }]);
    expect(errors).toHaveLength(2);
  });

  it('reaches the client from server(), which then does not run again', async () => {
    let runs = 0;
    class Greeting extends WebSocketServer {
      override async server() {
        runs += 1;
        throw new ClientError('Full', 'The room is full.');
      }
    }
    const client = await new TestService(Greeting).connect();
    expect(client.messages).toMatchObject([{ code: 'Full' }]);
    expect(runs).toBe(1);
  });

  it('must have a 4xx status', () => {
    expect(() => new ClientError('Wrong', 'text', { status: 500 })).toThrow(InvalidValueError);
  });
});

describe('sent data', () => {
  class Echo extends WebSocketServer {
    override async onClientMessage(data: string) {
      await this.write(JSON.parse(data));
    }
  }

  it.each([
    ['a list', '[1,"two",null]'],
    ['an object', '{"a":{"b":true}}'],
    ['a number', '7'],
  ])('may be %s: JSON', async (_what, text) => {
    const client = await new TestService(Echo).connect();
    await client.send(text);
    expect(client.received).toEqual([text]);
  });

  it('is unchanged text, or bytes as a data URL', async () => {
    const service = new TestService(Echo);
    const { webSocketId, received } = await service.connect();
    const socket = await SharedConnection.open(webSocketId, { backend: service.backend });
    await socket.write('plain');
    await socket.write(Buffer.from('abc'));
    expect(received).toEqual(['plain', 'data:application/octet-stream;base64,YWJj']);
  });

  it('may be JSON for everyone and for a channel', async () => {
    const service = new TestService(Echo);
    const { webSocketId, received } = await service.connect();
    const socket = await SharedConnection.open(webSocketId, { backend: service.backend });
    await socket.subscribe('news');
    await service.service.deliver({ n: 1 });
    await service.service.publish('news', { n: 2 });
    expect(received).toEqual(['{"n":1}', '{"n":2}']);
  });

  it.each([
    ['a function', () => 1, /not function/],
    ['nothing', undefined, /not undefined/],
    ['a bigint', 1n, /BigInt/],
  ])('cannot be %s', async (_what, data, complaint) => {
    const service = new TestService(Echo);
    const { webSocketId } = await service.connect();
    const socket = await SharedConnection.open(webSocketId, { backend: service.backend });
    await expect(socket.write(data)).rejects.toThrow(InvalidValueError);
    await expect(socket.write(data)).rejects.toThrow(complaint);
  });
});
