/** Cases of web sessions: sockets that open and close concurrently, and the hook at the end of the session. */
import { WebSocketServer } from '../../lib';
import type { Scenario } from './scenario';
import type { ServiceWorld } from './service-world';

/** Uses the hook at the end of the session, and notes that hook alone. */
function sessionRecorder(world: ServiceWorld) {
  return class SessionRecorder extends WebSocketServer {
    override async onPreServer() {
      this.sessionEndOnClose = true;
    }
    override async onClientMessage() {}
    override async onSessionEnd() {
      await world.note(`onSessionEnd of ${this.sessionId}`);
    }
  };
}

export const sessionCases: Record<string, Scenario> = {
  'two sockets of a session close while a third opens': {
    makeServerClass: sessionRecorder,
    clients: {
      a: { connected: true, session: 's', leaves: 'told' },
      b: { connected: true, session: 's', leaves: 'told' },
      c: { session: 's' },
    },
    largerBudget: { crashes: 1 },
  },
  'the last two sockets of a session close, and a settler dies': {
    makeServerClass: sessionRecorder,
    clients: {
      a: { connected: true, session: 's', leaves: 'told' },
      b: { connected: true, session: 's', leaves: 'told' },
    },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'a session ends and begins anew, and copies of calls come late': {
    makeServerClass: sessionRecorder,
    clients: {
      a: { connected: true, session: 's', leaves: 'told' },
      b: { session: 's', leaves: 'told' },
    },
    goesWrong: 'SESSION#',
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 2 },
  },
  'the last two sockets of a session close, and calls are repeated': {
    makeServerClass: sessionRecorder,
    clients: {
      a: { connected: true, session: 's', leaves: 'told' },
      b: { connected: true, session: 's', leaves: 'told' },
    },
    goesWrong: 'SESSION#',
    budget: { repeats: 1 },
    largerBudget: { repeats: 1, crashes: 1 },
  },
};
