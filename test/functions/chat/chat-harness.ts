/** The chat in memory, with clients that interpret its frames. */
import { ChatServer } from '../../../functions/chat/server';
import { UserList } from '../../../functions/chat/user-list';
import { type TestClient, TestService, type TestServiceOptions } from '../../../lib/testing';

export function chatService(options: TestServiceOptions = {}): TestService {
  return new TestService(ChatServer, { upkeep: (service) => new UserList(service).mend(), ...options });
}

export interface Frame {
  Type: string;
  [key: string]: unknown;
}

export function frames(client: TestClient, type: string): Frame[] {
  return (client.messages as Frame[]).filter(({ Type }) => Type === type);
}

/** The names on the last list that the client has received. */
export function lastList(client: TestClient): string[] | undefined {
  const users = frames(client, 'userlist').at(-1)?.Users as { User: string }[] | undefined;
  return users?.map(({ User }) => User);
}

export const base64 = (text: string) => Buffer.from(text).toString('base64');
