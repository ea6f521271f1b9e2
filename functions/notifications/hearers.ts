/** Who may hear the notifications, as the environment of the functions says it by name. */
import { WebSocketServer } from '../../lib';
import { verifierFromEnvironment } from './credentials';
import { type NotificationsServerClass, notificationsServer } from './server';

/**
 * With `CREDENTIALS` those who pass the verifier, with `OPEN_TO_EVERYBODY` or on the developer's own machine everybody, and
 * otherwise nobody: what is told may concern patients.
 */
export function serverForHearers(
  environment: NodeJS.ProcessEnv,
): NotificationsServerClass | typeof ClosedServer {
  const verifier = verifierFromEnvironment(environment);
  if (verifier) return notificationsServer({ verifier });
  const { OPEN_TO_EVERYBODY, SHARED_CONNECTION_LOCAL } = environment;
  const isOpen = OPEN_TO_EVERYBODY === 'true' || SHARED_CONNECTION_LOCAL === 'true';
  return isOpen ? notificationsServer() : ClosedServer;
}

/** Nobody may connect before somebody has said who may. */
class ClosedServer extends WebSocketServer {
  override async onPreServer(): Promise<void> {
    console.error(
      'A connection was refused, since nothing says who may hear the notifications. Deploy with --context credentials=ARN of a secret with users, or with --context open=true for everybody.',
    );
    this.refuse(403);
  }
}
