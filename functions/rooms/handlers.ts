/** The rooms' two Lambda functions. */
import { createHandlers } from '../../lib';
import { RoomsServer } from './server';

export const { routes, server } = createHandlers(RoomsServer);
