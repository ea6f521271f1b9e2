/** The chat's two Lambda functions. */
import { createHandlers } from '../../lib';
import { ChatServer } from './server';
import { UserList } from './user-list';

export const { routes, server } = createHandlers(ChatServer, {
  upkeep: (service) => new UserList(service).mend(),
});
