/** What one event brings to the object that serves it. */
import type { Member } from '../connections/connection-items';
import type { KnownIdentity } from '../connections/identity';
import type { ConnectEvent, MessageEvent } from '../handlers/events';
import type { ReadOptions } from '../inbox/message-reader';
import type { Service } from '../service';
import type { Value } from '../table/item';

export interface ServerContext {
  hook: 'onPreServer' | 'server' | 'onClientMessage' | 'onPostServer' | 'onSessionEnd';
  service: Service;
  /** Of the connection; in `onPostServer` and `onSessionEnd` with the name that it had. */
  member: Member;
  sessionId: string;
  attributes: Record<string, Value>;
  /** Keeps what the hook changes of the attributes; in `server` and `onClientMessage`. */
  keeper?: { save(): Promise<void>; refresh(): Promise<KnownIdentity | undefined> };
  /** When the gateway took the request, in milliseconds since the epoch. */
  requestTime: number;
  /** The event as API Gateway sent it, in `onPreServer` and `onClientMessage`. */
  event?: ConnectEvent | MessageEvent;
  /** What `onPreServer` subscribes to. */
  channels?: Set<string>;
  /** What an authorizer found of the client: the context of a Lambda authorizer with its `principalId`, or a token's claims. */
  authorizer?: Record<string, unknown> | undefined;
  /** Reads the messages of a dedicated socket, in its `server()`. */
  reader?: { read(options?: ReadOptions): Promise<string>; readonly atEnd: boolean };
}
