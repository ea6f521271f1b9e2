/** Who is online, in the chat's wire protocol: everyone who has an alias, told as whole lists to all, with or without one. */
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
