/** What a server object gets for one event. */
import type { Member } from '../connections/connection-items';
import type { KnownIdentity } from '../connections/identity';
import type { ConnectEvent, MessageEvent } from '../handlers/events';
import type { ReadOptions } from '../inbox/message-reader';
import type { Service } from '../service';
import type { Value } from '../table/item';

export interface ServerContext {
  hook: 'onPreServer' | 'server' | 'onClientMessage' | 'onPostServer' | 'onSessionEnd';
  service: Service;
  /** The connection; in `onPostServer` and `onSessionEnd`, with the user that it had. */
  member: Member;
  sessionId: string;
  attributes: Record<string, Value>;
  /** Saves changed attributes, in `server` and `onClientMessage`. */
  keeper?: { save(): Promise<void>; refresh(): Promise<KnownIdentity | undefined> };
  /** When API Gateway received the request, in milliseconds since the epoch. */
  requestTime: number;
  /** The event as API Gateway sent it, in `onPreServer` and `onClientMessage`. */
  event?: ConnectEvent | MessageEvent;
  /** The channels that `onPreServer` subscribes to. */
  channels?: Set<string>;
  /** What an authorizer returned about the client: a Lambda authorizer's context and `principalId`, or a token's claims. */
  authorizer?: Record<string, unknown> | undefined;
  /** Reads the messages of a dedicated socket, in its `server()`. */
  reader?: { read(options?: ReadOptions): Promise<string>; readonly atEnd: boolean };
}
