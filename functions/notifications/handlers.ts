/** The notifier's two Lambda functions. */
import { createHandlers } from '../../lib';
import { notificationsServer } from './server';

export const { routes, server } = createHandlers(notificationsServer());
