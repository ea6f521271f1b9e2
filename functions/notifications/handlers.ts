/** The notification service's two Lambda functions. */
import { createHandlers } from '../../lib';
import { serverForAudience } from './audience';

export const { routes, server } = createHandlers(serverForAudience(process.env));
