/** The actions of processes with a channel, step by step, in the explored cases. */
import { Service } from '../../lib';
import type { Member } from '../../lib/connections/connection-items';
import type { ServiceWorld } from './service-world';

export const CHANNEL = 'news';

function serviceOf({ backend }: ServiceWorld): Service {
  return new Service('chat', { backend, serverFunction: 'server' });
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

export const publish = (world: ServiceWorld) =>
  serviceOf(world).publish(CHANNEL, 'news', { slowMilliseconds: 3_000, pendingMilliseconds: 100 });

export const deeds = {
  async subscribe(world: ServiceWorld) {
    if (await serviceOf(world).channels.subscribe(a, CHANNEL)) world.outcomes.push('subscribed');
  },
  /** From now on, a publication must reach it. Learning from another process is a separate step. */
  async tell(world: ServiceWorld) {
    if (world.outcomes.includes('subscribed')) await world.note('subscribed, and everybody knows');
  },
  async unsubscribe(world: ServiceWorld) {
    world.outcomes.push('unsubscribing');
    await serviceOf(world).channels.unsubscribe(a, CHANNEL);
  },
  async publish(world: ServiceWorld) {
    let isIn = false;
    await world.note('a publication begins', () => {
      isIn = world.happened.includes('subscribed, and everybody knows');
    });
    await publish(world);
    if (isIn) world.outcomes.push('published to a');
  },
  async suspect({ backend }: ServiceWorld) {
    const members = [{ service: 'chat', webSocketId: 'a', channel: CHANNEL }];
    await backend.invoker.invoke('server', { type: 'settle', members });
  },
};

/** A process that runs actions one after the other. */
export const does =
  (...names: (keyof typeof deeds)[]) =>
  async (world: ServiceWorld) => {
    for (const name of names) await deeds[name](world);
  };
