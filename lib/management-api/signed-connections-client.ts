/**
 * The management API with our own requests. AWS's SDK spends about 300 µs of a core on each post, most of it in its
 * layers. A request that is only signed takes about 50 µs, and a broadcast consists of posts. The SDK still finds the
 * credentials.
 */
import { ConnectionsApiError } from '../errors';
import type { Abandonment } from './abandonment';
import type { ConnectionAddress, ConnectionStatus, ConnectionsClient } from './connections-client';
import { type HttpAnswer, HttpsExchange } from './https-exchange';
import type { Identity } from './identity';
import { percentEncoded, Signer, sha256 } from './signature';

type Method = 'POST' | 'GET' | 'DELETE';

interface Body {
  bytes: Buffer | undefined;
  sha256: string;
}

interface Stage {
  host: string;
  /** The path of the stage, without a trailing slash. */
  path: string;
  signer: Signer;
}

/** The same as in the SDK's posts. */
const CONTENT_TYPE = 'application/octet-stream';
const NO_BODY: Body = { bytes: undefined, sha256: sha256('') };
const GONE = 410;

export class SignedConnectionsClient implements ConnectionsClient {
  readonly #identity: Identity;
  readonly #exchange: HttpsExchange;
  readonly #stages = new Map<string, Stage>();
  /** The last body. A broadcast posts the same one thousands of times. */
  #lastBody: (Body & { data: string }) | undefined;

  /** `endpointUrl` changes where the client connects to, never the Host header or the path. */
  constructor(identity: Identity, endpointUrl?: string) {
    this.#identity = identity;
    this.#exchange = new HttpsExchange(endpointUrl);
  }

  async post(address: ConnectionAddress, data: string, abandonment?: Abandonment): Promise<'sent' | 'gone'> {
    return (await this.#call('POST', address, this.#bodyOf(data), abandonment)) ? 'sent' : 'gone';
  }

  async get(address: ConnectionAddress): Promise<ConnectionStatus | undefined> {
    const answer = await this.#call('GET', address, NO_BODY);
    return answer && statusIn(answer.body);
  }

  async delete(address: ConnectionAddress, abandonment?: Abandonment): Promise<'closed' | 'gone'> {
    return (await this.#call('DELETE', address, NO_BODY, abandonment)) ? 'closed' : 'gone';
  }

  #bodyOf(data: string): Body {
    if (this.#lastBody?.data !== data) {
      const bytes = Buffer.from(data);
      this.#lastBody = { data, bytes, sha256: sha256(bytes) };
    }
    return this.#lastBody;
  }

  /** The response of a successful call, or undefined if the connection no longer exists. */
  async #call(
    method: Method,
    address: ConnectionAddress,
    body: Body,
    abandonment?: Abandonment,
  ): Promise<HttpAnswer | undefined> {
    let answer: HttpAnswer;
    try {
      const stage = this.#stages.get(address.callbackUrl) ?? (await this.#stage(address.callbackUrl));
      const credentials = await this.#identity.credentials();
      const path = `${stage.path}/@connections/${percentEncoded(address.webSocketId)}`;
      const unsigned = {
        ...{ method, host: stage.host, path, sha256: body.sha256 },
        contentType: body.bytes && CONTENT_TYPE,
      };
      const headers = stage.signer.headers(unsigned, credentials, Date.now());
      answer = await this.#exchange.send({
        ...{ method, host: stage.host, path, headers, body: body.bytes, abandonment },
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionsApiError(method, 0, reason, { cause: error });
    }
    if (answer.status === GONE) return undefined;
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new ConnectionsApiError(method, answer.status, complaintIn(answer));
  }

  async #stage(callbackUrl: string): Promise<Stage> {
    const { host, pathname } = new URL(callbackUrl);
    const region = /\.execute-api\.([a-z0-9-]+)\./.exec(host)?.[1] ?? (await this.#identity.region());
    const stage = { host, path: pathname.replace(/\/+$/, ''), signer: new Signer(region) };
    this.#stages.set(callbackUrl, stage);
    return stage;
  }
}

function statusIn(json: string): ConnectionStatus {
  const {
    connectedAt = 0,
    lastActiveAt = 0,
    identity,
  } = fieldsOf(json) as {
    connectedAt?: string;
    lastActiveAt?: string;
    identity?: { sourceIp?: string | null; userAgent?: string | null };
  };
  return {
    connectedAt: new Date(connectedAt),
    lastActiveAt: new Date(lastActiveAt),
    identity: {
      ...(identity?.sourceIp && { sourceIp: identity.sourceIp }),
      ...(identity?.userAgent && { userAgent: identity.userAgent }),
    },
  };
}

/** `LimitExceededException: Limit Exceeded`: the type from the header or the body, without its namespace and link. */
function complaintIn({ headers, body }: HttpAnswer): string {
  const { __type, code, message, Message } = fieldsOf(body);
  const type = firstText(headers['x-amzn-errortype'], __type, code, 'Unknown');
  return `${type.replace(/^[^:]*#/, '').replace(/[:,].*$/, '')}: ${firstText(message, Message, body)}`;
}

function fieldsOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function firstText(...values: unknown[]): string {
  return (values.find((value) => typeof value === 'string' && value !== '') as string | undefined) ?? '';
}
