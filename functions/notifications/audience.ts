/** Who may receive the notifications, from the functions' environment. */
import { WebSocketServer } from '../../lib';
import { verifierFromEnvironment } from './credentials';
import { type NotificationsServerClass, notificationsServer } from './server';

/**
 * With `CREDENTIALS`, users who pass the verifier. With `OPEN_TO_EVERYBODY`, or on the developer's own machine,
 * everybody. Otherwise nobody, because notifications may concern patients.
 */
export function serverForAudience(
  environment: NodeJS.ProcessEnv,
): NotificationsServerClass | typeof ClosedServer {
  const verifier = verifierFromEnvironment(environment);
  if (verifier) return notificationsServer({ verifier });
  const { OPEN_TO_EVERYBODY, SHARED_CONNECTION_LOCAL } = environment;
  const isOpen = OPEN_TO_EVERYBODY === 'true' || SHARED_CONNECTION_LOCAL === 'true';
  return isOpen ? notificationsServer() : ClosedServer;
}

/** Nobody may connect until the deployment says who may. */
class ClosedServer extends WebSocketServer {
  override async onPreServer(): Promise<void> {
    console.error(
      'A connection was refused, because the deployment does not say who may receive the notifications. Deploy with --context credentials=ARN (a secret with users), or with --context open=true for everybody.',
    );
    this.refuse(403);
  }
}
