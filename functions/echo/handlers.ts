/** The dedicated echo server's two Lambda functions. */
import { createHandlers } from '../../lib';
import { EchoServer } from './server';

export const { routes, server } = createHandlers(EchoServer);
