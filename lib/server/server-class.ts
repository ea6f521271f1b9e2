/** The type of server classes. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelRules } from '../channels/channel-rules';
import type { ChannelFrames } from '../channels/log/channel-frames';
import type { ConnectionLimits } from '../limits/connection-limits';
import type { PresenceFormOf, PresenceFrame } from '../presence/presence-form';
import type { Service } from '../service';
import type { ServerContext } from './server-context';
import type { WebSocketServer } from './web-socket-server';

/** A server with any type of messages. */
export type AnyServer = WebSocketServer<StandardSchemaV1 | undefined>;

export type ServerClass = (new (
  context: ServerContext,
) => AnyServer) &
  Partial<ChannelFrames> & {
    messages?: StandardSchemaV1;
    encodePresence?: PresenceFrame;
    presenceForm?: PresenceFormOf;
    /** How many messages a client's message counts as. @default 1 */
    costOf?: (message: string) => number;
    onSweep?: (service: Service) => Promise<void>;
    limits?: ConnectionLimits;
    channels?: ChannelRules;
  };
