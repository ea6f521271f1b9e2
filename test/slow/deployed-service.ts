/** A deployed service with one client that is there all the time, as one sees it who sees all of its rows, and may ask its functions for anything. */

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

/** What ghosts were known for. */
interface Past {
  name?: string;
  channel?: string;
}

export abstract class DeployedService {
  protected readonly lambda: LambdaClient;
  protected readonly table: DynamoDbTable;
  /** The one that is there all the time, once it has come. */
  protected staying: ChatClient | undefined;
  readonly #dynamoDb: DynamoDBClient;
  /** Who leaves when a test is over. */
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

  /** A client that has got what a newcomer gets. */
  abstract newcomer(): Promise<ChatClient>;

  /** One that is there all the time, unless a line may not have reached it: then it comes back. */
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

  /** Makes an end of what has broken off: everybody but the resident goes. */
  async tidy(): Promise<void> {
    await Promise.all(this.#guests.splice(0).map((guest) => guest.close()));
  }

  /** Never hangs: the emulator is ended after this. */
  async close(): Promise<void> {
    await Promise.race([this.staying?.close(), pause(1_000)]);
    this.#dynamoDb.destroy();
    this.lambda.destroy();
  }

  /** Leaves connections behind of whose end nobody was told. */
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

  /** The connection's rows and its member row, if there are any. */
  async rows(webSocketId: string): Promise<Item[]> {
    const members = await this.partition(serviceChannelPk(this.service), 'MEMBER#');
    return [
      ...(await this.partition(`CONNECTION#${webSocketId}`)),
      ...members.filter(({ sk }) => sk.endsWith(`#${webSocketId}`)),
    ];
  }

  /** Waits until the connection is done and nobody's member any more. @throws Error if that takes too long. */
  async settled(webSocketId: string): Promise<void> {
    await this.until(
      () => this.rows(webSocketId),
      ([connection, member]) => connection?.done === true && !member,
    );
  }

  /** @throws Error with what was seen last, if it takes too long. */
  protected async until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<void> {
    for (const begun = Date.now(); ; await pause(50)) {
      const seen = await look();
      if (isSo(seen)) return;
      if (Date.now() - begun > PATIENCE_MILLISECONDS) {
        throw new Error(`Waited in vain; at last it was ${JSON.stringify(seen)}`);
      }
    }
  }

  /** Runs a function, and waits for it. @throws Error with what it threw */
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
