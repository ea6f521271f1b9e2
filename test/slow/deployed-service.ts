/** A deployed service with one permanent client, for a test that can read all of its rows and invoke its functions. */

import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ChannelStore } from '../../lib/channels/channel-store';
import { systemClock } from '../../lib/clock';
import { serviceChannelPk } from '../../lib/connections/connection-items';
import { ConnectionStore } from '../../lib/connections/connection-store';
import { identificationOrder } from '../../lib/connections/identification-order';
import { DynamoDbTable } from '../../lib/table/dynamodb-table';
import type { Item } from '../../lib/table/item';
import { pages } from '../../lib/table/table';
import { ChatClient } from '../runtime/chat-client';
import type { Deployment, Place } from './deployment';

const HOUR_MILLISECONDS = 60 * 60 * 1_000;
const PATIENCE_MILLISECONDS = 10_000;

/** The attributes of connections that are gone. */
interface Past {
  name?: string;
  channel?: string;
}

export abstract class DeployedService {
  protected readonly lambda: LambdaClient;
  protected readonly table: DynamoDbTable;
  /** The permanent client, once it has connected. */
  protected staying: ChatClient | undefined;
  readonly #dynamoDb: DynamoDBClient;
  /** The clients that leave after a test. */
  readonly #guests: ChatClient[] = [];
  #ghosts = 0;

  /** @param construct the service's id in the app */
  constructor(
    protected readonly deployment: Deployment,
    protected readonly construct: 'Chat' | 'Notifications',
    protected readonly service: string,
  ) {
    const { client } = deployment.ministack;
    this.#dynamoDb = new DynamoDBClient(client);
    this.lambda = new LambdaClient(client);
    this.table = new DynamoDbTable(deployment.tableName(construct), systemClock, this.#dynamoDb);
  }

  /** A client that has received its first frames. */
  abstract newcomer(): Promise<ChatClient>;

  /** The permanent client. It reconnects if it may have missed a line. */
  protected async resident(): Promise<ChatClient> {
    if (!this.staying?.isOpen) {
      this.staying = await this.newcomer();
      this.forget(this.staying);
    }
    return this.staying;
  }

  protected async connect(query = ''): Promise<ChatClient> {
    const { url, headers } = this.deployment.address(this.construct);
    const client = await ChatClient.connect(url + query, { headers });
    this.#guests.push(client);
    return client;
  }

  async leave(guest: ChatClient): Promise<void> {
    this.forget(guest);
    await guest.close();
  }

  protected forget(guest: ChatClient): void {
    this.#guests.splice(this.#guests.indexOf(guest), 1);
  }

  /** Ends everything that was interrupted: all clients except the permanent one leave. */
  async tidy(): Promise<void> {
    await Promise.all(this.#guests.splice(0).map((guest) => guest.close()));
  }

  /** Never hangs, because the emulator is stopped after this. */
  async close(): Promise<void> {
    await Promise.race([this.staying?.close(), pause(1_000)]);
    this.#dynamoDb.destroy();
    this.lambda.destroy();
  }

  /** Leaves connections whose end was not reported. */
  async haunt(ghosts = 1, { name, channel }: Past = {}): Promise<string[]> {
    const url = this.deployment.url(this.construct);
    const { functionName } = this.deployment.function(`${this.construct} server`);
    const anHourAgo = { ...systemClock, now: () => Date.now() - HOUR_MILLISECONDS };
    const store = new ConnectionStore(this.table, anHourAgo);
    const ids = Array.from({ length: ghosts }, () => `ghost${++this.#ghosts}`);
    await Promise.all(
      ids.map(async (webSocketId) => {
        const member = {
          webSocketId,
          callbackUrl: `https://${url.host}${url.pathname}`,
          service: this.service,
          serverFunction: functionName,
        };
        await store.accept({ ...member, sessionId: '', attributes: {}, messagesTo: 'hook' }, webSocketId);
        if (name)
          await store.identifyMember(
            member,
            { user: name },
            identificationOrder({ at: anHourAgo.now(), requestId: 'test' }),
          );
        if (channel) {
          const channels = new ChannelStore(this.table, anHourAgo);
          await channels.subscribe({ ...member, acceptedAt: anHourAgo.now(), left: false }, channel);
        }
      }),
    );
    return ids;
  }

  /** The connection's rows and its member row, if any. */
  async rows(webSocketId: string): Promise<Item[]> {
    const members = await this.partition(serviceChannelPk(this.service), 'MEMBER#');
    return [
      ...(await this.partition(`CONNECTION#${webSocketId}`)),
      ...members.filter(({ sk }) => sk.endsWith(`#${webSocketId}`)),
    ];
  }

  /** Waits until the connection is done and no longer a member. @throws Error if that takes too long */
  async settled(webSocketId: string): Promise<void> {
    await this.until(
      () => this.rows(webSocketId),
      ([connection, member]) => connection?.done === true && !member,
    );
  }

  /** @throws Error with the last result, if it takes too long */
  protected async until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<void> {
    for (const begun = Date.now(); ; await pause(50)) {
      const seen = await look();
      if (isSo(seen)) return;
      if (Date.now() - begun > PATIENCE_MILLISECONDS) {
        throw new Error(`Waited in vain; at last it was ${JSON.stringify(seen)}`);
      }
    }
  }

  /** Runs a function, and waits for it. @throws Error with the function's error */
  async invoke(place: Place, event: unknown): Promise<void> {
    const { functionName } = this.deployment.function(place);
    const { FunctionError, Payload } = await this.lambda.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
    );
    if (FunctionError) throw new Error(Buffer.from(Payload ?? []).toString('utf8'));
  }

  protected async partition(pk: string, prefix = ''): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of pages(this.table, { pk, prefix })) found.push(...page);
    return found;
  }
}
