import { createHandlers } from 'shared-connection';
import { EchoServer } from './server';

export const { routes, server } = createHandlers(EchoServer);
