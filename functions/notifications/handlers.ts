/** The notification service's two Lambda functions. */
import { createHandlers } from '../../lib';
import { serverForHearers } from './hearers';

export const { routes, server } = createHandlers(serverForHearers(process.env));
