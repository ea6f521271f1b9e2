/** The deployed chat with one member, Ada, who is there all the time; and all that a member, or somebody else, may do. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { systemClock } from '../../lib/clock';
import { serviceChannelPk } from '../../lib/connection-items';
import { ConnectionStore } from '../../lib/connection-store';
import type { ServiceRequest } from '../../lib/invocations/invoker';
import { always } from '../../lib/table/conditions';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import type { Item } from '../../lib/table/item';
import { pages } from '../../lib/table/table';
import { ChatClient } from '../runtime/chat-client';
import type { DeployedRole } from './deployed-role';
import type { Deployment } from './deployment';

const OTHER_PROCESS = join(__dirname, '../runtime/other-process.ts');
const SERVICE = 'chat';
const HOUR_MILLISECONDS = 60 * 60 * 1_000;
const PATIENCE_MILLISECONDS = 10_000;

export class DeployedChat {
  readonly #dynamoDb: DynamoDBClient;
  readonly #lambda: LambdaClient;
  readonly #table: DynamoDbTable;
  readonly #guests: ChatClient[] = [];
  #ada: ChatClient | undefined;
  #count = 0;

  constructor(private readonly deployment: Deployment) {
    const { client } = deployment.ministack;
    this.#dynamoDb = new DynamoDBClient(client);
    this.#lambda = new LambdaClient(client);
    this.#table = new DynamoDbTable(deployment.tableName, systemClock, this.#dynamoDb);
  }

  /** A client that has got its Status and its first list. */
  async newcomer(): Promise<ChatClient> {
    const { url, headers } = this.deployment.address('Chat');
    const client = await ChatClient.connect(url, { headers });
    this.#guests.push(client);
    await client.hears('Status');
    await client.hears('userlist');
    return client;
  }

  /** Comes, leaves, and is forgotten. */
  async visit(): Promise<void> {
    const guest = await this.newcomer();
    await this.leave(guest);
    await this.settled(await guest.id());
  }

  async leave(guest: ChatClient): Promise<void> {
    this.#forget(guest);
    await guest.close();
  }

  async adaSays(): Promise<void> {
    const ada = await this.#here();
    const Message = Buffer.from(`line ${++this.#count}`).toString('base64');
    ada.send({ Message, Author: 'Ada' });
    await ada.hears('Chat', (frame) => frame.Message === Message);
  }

  async adaRenames(): Promise<void> {
    const ada = await this.#here();
    const name = `Ada ${++this.#count}`;
    ada.send({ User: name });
    await ada.until(() => ada.users?.includes(name) ?? false);
  }

  /** Leaves connections behind of whose end nobody was told. */
  async haunt(ghosts = 1, name?: string): Promise<string[]> {
    const { functions } = this.deployment;
    const url = this.deployment.url('Chat');
    const anHourAgo = { ...systemClock, now: () => Date.now() - HOUR_MILLISECONDS };
    const store = new ConnectionStore(this.#table, anHourAgo);
    const ids = Array.from({ length: ghosts }, () => `ghost${++this.#count}`);
    await Promise.all(
      ids.map(async (webSocketId) => {
        const callbackUrl = `https://${url.host}${url.pathname}`;
        const { functionName } = functions.server;
        await store.accept(
          {
            webSocketId,
            callbackUrl,
            service: SERVICE,
            serverFunction: functionName,
            sessionId: '',
            attributes: {},
            messagesTo: 'hook',
          },
          webSocketId,
        );
        if (name) await store.name({ service: SERVICE, webSocketId }, name, anHourAgo.now());
      }),
    );
    return ids;
  }

  /** A line finds out that somebody has gone. */
  async lineMeetsGhost(): Promise<void> {
    const [ghost = ''] = await this.haunt();
    await this.adaSays();
    await this.settled(ghost);
  }

  /** The upkeep finds out. */
  async upkeepMeetsGhost(): Promise<void> {
    const [ghost = ''] = await this.haunt(1, 'Ghost');
    await this.#ask({ type: 'upkeep' });
    await this.settled(ghost);
  }

  /** A sweep that its time does not suffice for notes where the next one begins. */
  async sweepInHaste(): Promise<void> {
    await this.haunt(250);
    await this.#serverTimeout(13);
    try {
      await this.#ask({ type: 'sweep' });
    } finally {
      await this.#serverTimeout(120);
    }
    if (!(await new ConnectionStore(this.#table, systemClock).sweepCursor(SERVICE))) {
      throw new Error('The sweep got through everyone in a second: it needs more ghosts.');
    }
  }

  /** A process with a function's grants writes to a connection, looks at it and closes it. */
  async anotherProcess(role: DeployedRole): Promise<ChatClient> {
    const { ministack, tableName } = this.deployment;
    const guest = await this.newcomer();
    const closed = guest.closed();
    await promisify(execFile)(process.execPath, ['--import', 'tsx', OTHER_PROCESS, await guest.id()], {
      timeout: PATIENCE_MILLISECONDS,
      env: {
        ...ministack.environment,
        ...role.environment,
        AWS_ENDPOINT_URL: ministack.calls.url,
        CONNECTION_TABLE: tableName,
      },
    });
    await closed;
    this.#forget(guest);
    return guest;
  }

  /** The connection's rows and its member row, if there are any. */
  async rows(webSocketId: string): Promise<Item[]> {
    const members = await this.#rows(serviceChannelPk(SERVICE), 'MEMBER#');
    return [
      ...(await this.#rows(`CONNECTION#${webSocketId}`)),
      ...members.filter(({ sk }) => sk.endsWith(`#${webSocketId}`)),
    ];
  }

  /** Makes an end of what has broken off: everybody but Ada goes, and nothing of them is left that others would wait for. */
  async tidy(): Promise<void> {
    await Promise.all(this.#guests.splice(0).map((guest) => guest.close()));
    const ada = (await this.#ada?.id()) ?? 'nobody';
    const rows = await this.#rows(serviceChannelPk(SERVICE));
    const others = rows.filter(({ sk }) => !sk.endsWith(`#${ada}`));
    await Promise.all(others.map(({ pk, sk }) => this.#table.delete({ pk, sk }, always)));
  }

  /** Never hangs: the emulator is ended after this. */
  async close(): Promise<void> {
    await Promise.race([this.#ada?.close(), pause(1_000)]);
    this.#dynamoDb.destroy();
    this.#lambda.destroy();
  }

  async #here(): Promise<ChatClient> {
    if (!this.#ada) {
      this.#ada = await this.newcomer();
      this.#forget(this.#ada);
    }
    return this.#ada;
  }

  #forget(guest: ChatClient): void {
    this.#guests.splice(this.#guests.indexOf(guest), 1);
  }

  /** Waits until the connection is done and nobody's member any more. @throws Error if that takes too long. */
  async settled(webSocketId: string): Promise<void> {
    for (const begun = Date.now(); ; await pause(50)) {
      const [connection, member] = await this.rows(webSocketId);
      if (connection?.done === true && !member) return;
      if (Date.now() - begun > PATIENCE_MILLISECONDS) {
        throw new Error(
          `WebSocket ${webSocketId} is still not settled: ${JSON.stringify([connection, member])}`,
        );
      }
    }
  }

  async #ask(request: ServiceRequest): Promise<void> {
    const { FunctionError, Payload } = await this.#lambda.send(
      new InvokeCommand({
        FunctionName: this.deployment.functions.server.functionName,
        Payload: JSON.stringify(request),
      }),
    );
    if (FunctionError) throw new Error(Buffer.from(Payload ?? []).toString('utf8'));
  }

  async #serverTimeout(Timeout: number): Promise<void> {
    const FunctionName = this.deployment.functions.server.functionName;
    await this.#lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
  }

  async #rows(pk: string, prefix = ''): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of pages(this.#table, { pk, prefix })) found.push(...page);
    return found;
  }
}
