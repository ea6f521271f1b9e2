/** The deployed chat with one permanent member, Ada, and everything that a member or another process can do. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { LINES } from '../../functions/chat/room';
import { systemClock } from '../../lib/clock';
import { serviceChannelPk } from '../../lib/connections/connection-items';
import { ConnectionStore } from '../../lib/connections/connection-store';
import { always } from '../../lib/table/conditions';
import type { ChatClient } from '../runtime/chat-client';
import type { DeployedRole } from './deployed-role';
import { DeployedService } from './deployed-service';
import type { Deployment } from './deployment';

const OTHER_PROCESS = join(__dirname, '../runtime/other-process.ts');
const PATIENCE_MILLISECONDS = 10_000;

export class DeployedChat extends DeployedService {
  #count = 0;

  constructor(deployment: Deployment) {
    super(deployment, 'Chat', 'chat');
  }

  /** A client that has received its Status and its first list. */
  async newcomer(): Promise<ChatClient> {
    const client = await this.connect();
    await client.hears('Status');
    await client.hears('userlist');
    return client;
  }

  /** Connects, leaves, and is cleaned up. */
  async visit(): Promise<void> {
    const guest = await this.newcomer();
    await this.leave(guest);
    await this.settled(await guest.id());
  }

  async adaSays(): Promise<void> {
    const ada = await this.resident();
    const Message = Buffer.from(`line ${++this.#count}`).toString('base64');
    ada.send({ Message, Author: 'Ada' });
    await ada.hears('Chat', (frame) => frame.Message === Message);
  }

  async adaRenames(): Promise<void> {
    const ada = await this.resident();
    const name = `Ada ${++this.#count}`;
    ada.send({ User: name });
    await ada.until(() => ada.users?.includes(name) ?? false);
  }

  /** A line notices that a client is gone. */
  async lineMeetsGhost(): Promise<void> {
    const [ghost = ''] = await this.haunt(1, { channel: LINES });
    await this.adaSays();
    await this.settled(ghost);
  }

  /** The upkeep notices it. */
  async upkeepMeetsGhost(): Promise<void> {
    const [ghost = ''] = await this.haunt(1, { name: 'Ghost' });
    await this.invoke('Chat server', { type: 'upkeep' });
    await this.settled(ghost);
  }

  /** A sweep with too little time notes where the next one begins. */
  async sweepInHaste(): Promise<void> {
    await this.haunt(250);
    await this.#serverTimeout(13);
    try {
      await this.invoke('Chat server', { type: 'sweep' });
    } finally {
      await this.#serverTimeout(120);
    }
    if (!(await new ConnectionStore(this.table, systemClock).sweepCursor(this.service))) {
      throw new Error('The sweep got through everyone in a second: it needs more ghosts.');
    }
  }

  /** A process with a function's grants writes to a connection, reads it and closes it. */
  async anotherProcess(role: DeployedRole): Promise<ChatClient> {
    const { ministack } = this.deployment;
    const guest = await this.newcomer();
    const closed = guest.closed();
    await promisify(execFile)(process.execPath, ['--import', 'tsx', OTHER_PROCESS, await guest.id()], {
      timeout: PATIENCE_MILLISECONDS,
      env: {
        ...ministack.environment,
        ...role.environment,
        AWS_ENDPOINT_URL: ministack.calls.url,
        CONNECTION_TABLE: this.deployment.tableName('Chat'),
      },
    });
    await closed;
    this.forget(guest);
    return guest;
  }

  /** Nothing of other clients remains that a list would wait for. */
  override async tidy(): Promise<void> {
    await super.tidy();
    const ada = (await this.staying?.id()) ?? 'nobody';
    const rows = await this.partition(serviceChannelPk(this.service));
    const others = rows.filter(({ sk }) => !sk.endsWith(`#${ada}`));
    await Promise.all(others.map(({ pk, sk }) => this.table.delete({ pk, sk }, always)));
  }

  async #serverTimeout(Timeout: number): Promise<void> {
    const { functionName: FunctionName } = this.deployment.function('Chat server');
    await this.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
  }
}
