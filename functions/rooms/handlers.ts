/** The rooms' three Lambda functions: two for clients, and the API for backends. */
import { createHandlers } from '../../lib';
import { createRealtimeApi } from '../../lib/realtime';
import { RoomsServer } from './server';

export const { routes, server } = createHandlers(RoomsServer);
export const api = createRealtimeApi(RoomsServer);
