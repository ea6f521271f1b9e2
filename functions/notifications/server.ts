/** The notification service's server class: with a sign-in if there is a verifier, or for everybody. */
import type { ConnectionLimits, ServerContext, WebSocketServer } from '../../lib';
import { NotificationsServer } from './notifications-server';
import { VerifiedNotificationsServer } from './verified-server';
import type { Verifier } from './verifier';

/** How long a client may take to sign in. The article's client sends user and password one second after it opens. */
export const VERIFICATION_MILLISECONDS = 10_000;

export interface NotificationsOptions {
  /** Checks users and passwords. @default everybody may receive everything */
  verifier?: Verifier | undefined;
  /** How long a socket may stay open without signing in. @default 10,000 */
  verificationMilliseconds?: number;
}

export type NotificationsServerClass = (new (
  context: ServerContext,
) => WebSocketServer) & {
  limits: ConnectionLimits;
};

/** Makes the server class that uses this verifier. */
export function notificationsServer(options: NotificationsOptions = {}): NotificationsServerClass {
  const { verifier, verificationMilliseconds = VERIFICATION_MILLISECONDS } = options;
  return verifier ? verifiedServer(verifier, verificationMilliseconds) : NotificationsServer;
}

function verifiedServer(verifier: Verifier, milliseconds: number): NotificationsServerClass {
  return class extends VerifiedNotificationsServer {
    protected override readonly verifier = verifier;
    protected override readonly verificationMilliseconds = milliseconds;
  };
}
