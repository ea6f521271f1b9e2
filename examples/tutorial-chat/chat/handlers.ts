import { createHandlers } from 'shared-connection';
import { ChatServer } from './server';

export const { routes, server } = createHandlers(ChatServer);
