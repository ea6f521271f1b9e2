/** What clients subscribe to: topics, such as the kinds of HL7 messages, each with a channel of its own. */

/** The topic of everything. */
export const EVERYTHING = '*';
/** Each costs two writes when it is subscribed to and three when it is left; whoever wants more of them wants everything. */
export const MAX_TOPICS = 25;

const CHANNEL_OF_EVERYTHING = 'all';
const PREFIX = 'topic/';

export function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && (topic === EVERYTHING || /^[a-z0-9_-]{1,32}$/.test(topic));
}

/** The channel whose members hear of a topic. */
export function channelOf(topic: string): string {
  return topic === EVERYTHING ? CHANNEL_OF_EVERYTHING : PREFIX + topic;
}

/** The topics of a connection's channels, sorted. */
export function topicsOf(channels: string[]): string[] {
  return channels
    .flatMap((channel) => {
      if (channel === CHANNEL_OF_EVERYTHING) return [EVERYTHING];
      return channel.startsWith(PREFIX) ? [channel.slice(PREFIX.length)] : [];
    })
    .sort();
}
