/**
 * The library's own steps, which are the same for any service: those of a class that only answers, and those of web
 * sessions.
 */
import { SharedConnection, WebSocketServer } from '../../lib';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import type { MeteredTable } from '../metered-table';
import type { Step } from './step';

const SESSION = { Cookie: 'sid=1' };

class AnsweringServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    await this.write(data);
  }
}

/** Stores each message in an attribute, and has a hook at the end of a session. */
class NotingServer extends WebSocketServer {
  override async onClientMessage(data: string): Promise<void> {
    this.attributes.last = data;
  }
}

class SessionServer extends AnsweringServer {
  override sessionEndOnClose = true;

  override async onSessionEnd(): Promise<void> {}
}

/** Its clients join, leave and publish to a channel with a log. */
class BoardServer extends WebSocketServer {
  static override readonly channels = { board: { log: { size: 100, seconds: 3_600 } } };

  override async onClientMessage(data: string): Promise<void> {
    if (data === 'join') await this.subscribe('board');
    else if (data === 'leave') await this.unsubscribe('board');
    else await this.service.channel('board').publish(data);
  }
}

export async function* librarySteps(table: MeteredTable): AsyncGenerator<Step, void, undefined> {
  const answering = new MeteredService(table, 'answering', AnsweringServer);
  const sessions = new MeteredService(table, 'sessions', SessionServer, { sessionCookie: 'sid' });
  const step = async (
    service: MeteredService,
    name: string,
    work: () => Promise<unknown>,
  ): Promise<Step> => ({
    ...{ name: `any service: ${name}`, cost: await service.costOf(work) },
  });
  const id = newWebSocketId();
  yield await step(answering, 'connect', () => answering.connect(id));
  yield await step(answering, 'a message, answered', () => answering.say(id, 'hello'));
  const socket = await SharedConnection.open(id, { backend: answering.service.backend });
  yield await step(answering, 'subscribe', () => socket.subscribe('news'));
  yield await step(answering, 'unsubscribe', () => socket.unsubscribe('news'));
  yield await step(answering, 'leave', () => answering.leave(id));

  const noting = new MeteredService(table, 'noting', NotingServer);
  const noted = newWebSocketId();
  await noting.connect(noted);
  yield await step(noting, 'a message that changes an attribute for the first time', () =>
    noting.say(noted, 'one'),
  );
  yield await step(noting, 'a message that changes an attribute again', () => noting.say(noted, 'two'));

  const [first, last] = [newWebSocketId(), newWebSocketId()];
  await sessions.connect(first, { headers: SESSION });
  yield await step(sessions, 'connect, in a session', () => sessions.connect(last, { headers: SESSION }));
  yield await step(sessions, 'a message in a session, answered', () => sessions.say(last, 'hello'));
  yield await step(sessions, 'leave a session', () => sessions.leave(first));
  yield await step(sessions, 'leave a session that ends with it', () => sessions.leave(last));

  const board = new MeteredService(table, 'board', BoardServer);
  const ids = [newWebSocketId(), newWebSocketId(), newWebSocketId()] as const;
  for (const one of ids) await board.connect(one);
  await board.say(ids[0], 'join');
  await board.say(ids[1], 'join');
  yield await step(board, 'a line of a log, to 2', () => board.say(ids[0], 'hello'));
  yield await step(board, 'join a log', () => board.say(ids[2], 'join'));
  yield await step(board, 'leave a log', () => board.say(ids[2], 'leave'));
  yield await step(board, "a log's history, 1 line", () => board.service.channel('board').history());
}
