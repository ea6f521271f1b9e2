/** The notifier's two Lambda functions. */
import { createHandlers } from '../../lib';
import { verifierFromEnvironment } from './credentials';
import { notificationsServer } from './server';

const verifier = verifierFromEnvironment(process.env);

export const { routes, server } = createHandlers(notificationsServer({ verifier }));
