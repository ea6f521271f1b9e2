/** The actions of processes with a channel that has a log, step by step, in the explored cases. */
import { Service, WebSocketServer } from '../../lib';
import { LoggedChannels } from '../../lib/channels/log/logged-channels';
import type { Member } from '../../lib/connections/connection-items';
import type { ServiceWorld } from './service-world';

export const LOGGED = 'news';

const PUBLISHED = { epoch: 'of another', offset: 0 };

/** Its clients join, publish and leave. */
export function makeBoard(world: ServiceWorld) {
  return class Board extends WebSocketServer {
    static override readonly channels = { [LOGGED]: { log: { size: 100, seconds: 3_600 } } };

    override async onPreServer() {}
    override async onClientMessage(text: string) {
      const channel = this.service.channel(LOGGED);
      if (text === 'join') await this.subscribe(LOGGED);
      else if (text === 'be put in') await this.service.channels.subscribe(this.context.member, LOGGED);
      else await channel.publish(text);
    }
    override async onPostServer() {
      await world.note(`onPostServer of ${this.webSocketId}`);
    }
  };
}

/** The connection as a handler of its message has it. It was accepted long ago. */
const a: Member = {
  webSocketId: 'a',
  callbackUrl: 'https://abcdef1234.execute-api.us-east-1.amazonaws.com/chat',
  service: 'chat',
  serverFunction: 'server',
  acceptedAt: 0,
  left: false,
};

function inside(world: ServiceWorld): Service {
  return new Service('chat', {
    backend: world.backend,
    serverFunction: 'server',
    serverClass: makeBoard(world),
  });
}

const epochOf = ({ table }: ServiceWorld) =>
  (table.items().find(({ sk }) => sk === 'LOG')?.epoch ?? PUBLISHED.epoch) as string;

const deeds = {
  async publish(world: ServiceWorld) {
    const { position } = await inside(world).channel(LOGGED).publish('x');
    world.outcomes.push(`published ${position?.offset}`);
  },
  /** A process that does not know the server class. */
  async publishElsewhere({ backend, outcomes }: ServiceWorld) {
    const { position } = await new Service('chat', { backend }).channel(LOGGED).publish('x');
    outcomes.push(`published ${position?.offset}`);
  },
  async join(world: ServiceWorld) {
    if (await inside(world).channel(LOGGED).join(a, {})) world.outcomes.push('joined');
  },
  /** The client requests everything since the beginning. */
  async joinSince(world: ServiceWorld) {
    const since = { epoch: epochOf(world), offset: 0 };
    if (await inside(world).channel(LOGGED).join(a, { since })) world.outcomes.push('joined');
  },
  async beSubscribed(world: ServiceWorld) {
    if (await inside(world).channels.subscribe(a, LOGGED)) world.outcomes.push('joined');
  },
  async sweepLogs(world: ServiceWorld) {
    const service = inside(world);
    await new LoggedChannels(service).mendAll((channel) => service.channel(channel).mend());
  },
  async unsubscribe(world: ServiceWorld) {
    world.outcomes.push('unsubscribing');
    await inside(world).channels.unsubscribe(a, LOGGED);
  },
};

/** A process that runs actions one after the other. */
export const does =
  (...names: (keyof typeof deeds)[]) =>
  async (world: ServiceWorld) => {
    for (const name of names) await deeds[name](world);
  };
