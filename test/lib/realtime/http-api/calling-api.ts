/** A service in memory with the API for backends, and the requests of its tests. */
import type { ChannelRules } from '../../../../lib';
import { createRealtimeApi, errors, RealtimeServer } from '../../../../lib/realtime';
import { connectionToken } from '../../../../lib/realtime/token';
import {
  lambdaContext,
  type TestClient,
  TestService,
  type TestServiceOptions,
} from '../../../../lib/testing';

const SECRET = 'a secret of these tests';
export const KEY = 'the key of these tests';

export class Rooms extends RealtimeServer {
  static override readonly channels: ChannelRules = {
    'room/*': { log: { size: 5, seconds: 600 }, presence: true },
    'open/*': { presence: true },
  };
  static override readonly limits = { channels: 3 };
  override async tokenKeys() {
    return { secret: SECRET };
  }
  override async onSubscribe() {
    return true;
  }
}

interface Request {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export class CallingApi {
  readonly test: TestService;
  readonly #api: ReturnType<typeof createRealtimeApi>;

  constructor(options: TestServiceOptions = {}) {
    this.test = new TestService(Rooms, options);
    this.#api = createRealtimeApi(Rooms, {
      backend: this.test.backend,
      environment: { SERVICE_NAME: 'chat', SERVER_FUNCTION: 'chat-server', API_KEY: KEY },
      async onRpc(method, params) {
        if (method === 'refuse') throw errors.permissionDenied();
        if (method === 'fail') throw new Error('a bug');
        return { method, params };
      },
    });
  }

  async request({ path = '/api/info', method = 'POST', headers = { 'x-api-key': KEY }, body = {} }: Request) {
    const event = {
      ...{ rawPath: path, headers, requestContext: { http: { method } }, isBase64Encoded: false },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    };
    const answer = await this.#api(event, lambdaContext());
    await this.test.runQueued();
    return answer;
  }

  /** The body of the response, parsed. */
  async call(method: string, body: unknown, headers: Record<string, string> = {}) {
    const answer = await this.request({
      path: `/api/${method}`,
      body,
      headers: { 'x-api-key': KEY, ...headers },
    });
    return JSON.parse(answer.body);
  }

  /** Connects a client. */
  async client(user: string): Promise<TestClient> {
    const client = await this.test.connect();
    await client.send({ id: 1, connect: { token: connectionToken({ user, info: { of: user } }, SECRET) } });
    return client;
  }

  /** Connects a client and subscribes it to a channel. */
  async inside(user: string, channel: string): Promise<TestClient> {
    const client = await this.client(user);
    await client.send({ id: 2, subscribe: { channel } });
    return client;
  }
}

/** The pushes that a client has received, in order. */
export function pushes(client: TestClient) {
  return client.received
    .flatMap((frame) => frame.split('\n'))
    .map((text) => JSON.parse(text))
    .flatMap(({ push }) => (push ? [push] : []));
}
