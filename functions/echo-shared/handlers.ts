/** The shared echo server's two Lambda functions. */
import { createHandlers } from '../../lib';
import { SharedEchoServer } from './server';

export const { routes, server } = createHandlers(SharedEchoServer);
