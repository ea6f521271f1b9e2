/**
 * The JSON form of Centrifuge's client protocol: what clients send, and what they are sent.
 * Source: the protocol's own definition, https://github.com/centrifugal/protocol/blob/master/definitions/client.proto.
 */
import { gathered } from '../channels/log/channel-frames';
import type { Line, Position } from '../channels/log/log-items';
import type { KnownIdentity } from '../connections/identity';
import type { Value } from '../table/item';

/** A client's request. Exactly one of the members besides `id` is there. A command without an id is not answered. */
export interface Command {
  id?: number;
  connect?: ConnectRequest;
  subscribe?: SubscribeRequest;
  unsubscribe?: { channel: string };
  publish?: PublishRequest;
  presence?: { channel: string };
  presence_stats?: { channel: string };
  history?: HistoryRequest;
  ping?: object;
  send?: { data?: unknown };
  rpc?: { method?: string; data?: unknown };
  refresh?: { token?: string };
  sub_refresh?: { channel: string; token?: string; type?: number };
}

export interface ConnectRequest {
  /** The connection token. */
  token?: string;
  /** What the application's client says of itself. */
  data?: unknown;
  /** The client library, such as `js`. */
  name?: string;
  version?: string;
  /** What a browser's client sends instead of headers of the handshake. */
  headers?: Record<string, string>;
  /** Where the client was in channels that the server had subscribed it to. */
  subs?: Record<string, { recover?: boolean; epoch?: string; offset?: number }>;
}

export interface SubscribeRequest {
  channel: string;
  /** The subscription token. */
  token?: string;
  data?: unknown;
  recover?: boolean;
  epoch?: string;
  offset?: number;
  /** Of a kind of subscription that is not supported here. */
  type?: number;
  /** A filter by tags, which is not supported here. */
  tf?: unknown;
  /** What the client takes, in bits. */
  flag?: number;
}

export interface PublishRequest {
  channel: string;
  data?: unknown;
  type?: number;
  key?: string;
  removed?: boolean;
}

export interface HistoryRequest {
  channel: string;
  /** 0 asks for the position only, and a negative number for everything. */
  limit?: number;
  since?: Position;
  reverse?: boolean;
}

export interface ClientInfo {
  user: string;
  client: string;
  conn_info?: Value;
}

export interface Publication {
  data: unknown;
  offset?: number;
  info?: ClientInfo;
  tags?: Record<string, string>;
}

/** What a publication says besides its data. It is stored as the `info` of its line. */
export type PublicationDetails = Pick<Publication, 'info' | 'tags'>;

/** What a client is sent unasked. */
export type Push =
  | { channel: string; pub: Publication }
  | { channel: string; join: { info: ClientInfo } }
  | { channel: string; leave: { info: ClientInfo } }
  | { channel: string; unsubscribe: { code: number; reason: string } }
  | {
      channel: string;
      subscribe: { recoverable?: boolean; positioned?: boolean; data?: unknown } & Partial<Position>;
    }
  | { message: { data: unknown } }
  | { disconnect: { code: number; reason: string } }
  | { refresh: { expires: boolean; ttl?: number } };

/** Answers to commands, by the name of the command. */
export interface Reply {
  id: number;
  error?: { code: number; message: string; temporary?: boolean };
  [result: string]: unknown;
}

/** An empty reply is a ping. Clients that were not promised pings do not answer it. */
export const PING = '{}';

export function pushText(push: Push): string {
  return JSON.stringify({ push });
}

/** A connection as others see it. */
export function clientInfo({ webSocketId, user, info }: KnownIdentity & { webSocketId: string }): ClientInfo {
  return { user: user ?? '', client: webSocketId, ...(info !== undefined && { conn_info: info }) };
}

export function publicationOf({ data, offset, info }: Omit<Line, 'epoch' | 'at'>): Publication {
  return { data, ...(info as PublicationDetails | undefined), offset };
}

export function publicationTexts(channel: string, lines: readonly Omit<Line, 'epoch' | 'at'>[]): string[] {
  return lines.map((line) => pushText({ channel, pub: publicationOf(line) }));
}

/** Several texts are one frame, separated by line feeds, as the protocol allows. */
export const framesOfTexts = gathered;

/** As many publications as fit into one answer of this size. A client that wants more asks again, from the last one. */
export function fitting<T>(publications: T[], mostBytes: number): T[] {
  let bytes = 1_024;
  const end = publications.findIndex((publication) => {
    bytes += Buffer.byteLength(JSON.stringify(publication)) + 1;
    return bytes > mostBytes;
  });
  return end < 0 ? publications : publications.slice(0, end);
}
