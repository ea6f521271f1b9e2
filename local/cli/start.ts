/** The command `start`: runs an app's WebSocket APIs on this machine. */
import { Session, type SessionParts } from './session';
import type { SessionOptions } from './session-options';
import { onStop } from './stop-signals';

/** Resolves once the runtime is up, or was stopped before that. It then runs until Ctrl-C or SIGTERM. */
export async function start(options: SessionOptions, parts: SessionParts = {}): Promise<void> {
  const session = new Session(options, parts);
  onStop(() => void session.stop());
  await session.open();
}
