/** Who is online, in the chat's wire protocol: the whole list of those with an alias, sent to everyone. */
import type { Service } from '../../lib';
import { Presence } from '../../lib/presence/presence';
import type { PresenceForm } from '../../lib/presence/presence-form';
import { encode } from './room';

/** Two people may have the same name, so each connection is listed. */
const FORM: PresenceForm<{ User: string }> = {
  entriesOf: (members) => members.flatMap(({ user }) => (user === undefined ? [] : [{ User: user }])),
  encodeList: ({ entries: Users, more, revision: Revision }) =>
    encode({ Type: 'userlist', Users, ...(more > 0 && { More: more }), Revision }),
};

export class UserList extends Presence<{ User: string }> {
  constructor(service: Service) {
    super(service, FORM);
  }
}
