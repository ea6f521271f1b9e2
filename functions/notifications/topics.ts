/** What clients subscribe to: topics, such as the types of HL7 messages, each with its own channel. */

/** The topic of everything. */
export const EVERYTHING = '*';
/**
 * Each costs two writes to subscribe and three to unsubscribe. A client that wants more should subscribe to
 * everything.
 */
export const MAX_TOPICS = 25;

const CHANNEL_OF_EVERYTHING = 'all';
const PREFIX = 'topic/';

export function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && (topic === EVERYTHING || /^[a-z0-9_-]{1,32}$/.test(topic));
}

/** The channel of a topic. */
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
