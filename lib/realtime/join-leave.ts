/**
 * How joins and leaves are pushed: one for each connection, as Centrifuge's clients expect them. They are hints. A
 * client that must know who is there asks for `presence`.
 */
import type { KnownIdentity } from '../connections/identity';
import type { PresenceForm } from '../presence/presence-form';
import { type ClientInfo, clientInfo, framesOfTexts, pushText } from './protocol';

/** A connection and its user are one entry: if the user changes, one entry leaves and another joins. */
export function joinLeaveForm(channel: string): PresenceForm<ClientInfo> {
  const keyOf = (info: ClientInfo) => JSON.stringify(info);
  return {
    keysOf: (member: KnownIdentity & { webSocketId: string }) => [keyOf(clientInfo(member))],
    entriesOf: (members) => members.map(clientInfo),
    // A client asks for `presence` itself.
    sendsNoLists: true,
    encodeList: () => [],
    differences: {
      keyOf,
      encode: ({ joined, left }) =>
        framesOfTexts([
          ...joined.map((info) => pushText({ channel, join: { info } })),
          ...left.map((key) => pushText({ channel, leave: { info: JSON.parse(key) as ClientInfo } })),
        ]),
    },
  };
}
