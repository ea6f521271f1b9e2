/** Deliveries as the gateway sees them, with any library: posts of the same text in quick succession. */
import { withoutSecrets } from './hidden-secrets';

/** The same text after this time is a new delivery. */
const PAUSE_MILLIS = 2_000;
/** How many deliveries are kept. */
const MOST_GROUPS = 200;
const SHOWN_GROUPS = 50;

export interface PostGroup {
  stage: string;
  text: string;
  /** When the first and the last of its posts were answered, in milliseconds since the epoch. */
  at: number;
  lastAt: number;
  sent: number;
  gone: number;
  /** Posts that got 429. The sender may have retried them. */
  throttled: number;
  /** Posts that got any other answer, or none. */
  failed: number;
}

interface Gathered extends PostGroup {
  /** The connection of the first post. */
  connection: string;
  isToSeveral: boolean;
}

export interface Post {
  connection: string;
  stage: string;
  bytes: number;
  /** The beginning of the text. */
  text: string;
  /** Absent if there was no answer. */
  status?: number | undefined;
}

export class PostGroups {
  /** By the text, in the order of the first posts. */
  readonly #groups = new Map<string, Gathered>();
  /** The latest group, which the next post most likely belongs to. */
  #latest: { group: Gathered; bytes: number } | undefined;
  /** Finished groups. */
  #over: Gathered[] = [];

  add(post: Post, now: number): void {
    const group = this.#groupOf(post, now);
    group.lastAt = now;
    group[countOf(post.status)] += 1;
    group.isToSeveral ||= group.connection !== post.connection;
  }

  #groupOf({ connection, stage, bytes, text }: Post, now: number): Gathered {
    const latest = this.#latest;
    const isLatest = latest?.bytes === bytes && latest.group.text === text && latest.group.stage === stage;
    if (isLatest && now - latest.group.lastAt <= PAUSE_MILLIS) return latest.group;
    const key = `${stage} ${bytes} ${text}`;
    const known = this.#groups.get(key);
    if (known && now - known.lastAt > PAUSE_MILLIS) this.#end(key, known);
    const group = this.#groups.get(key) ?? {
      ...{ stage, text, at: now, lastAt: now, connection, isToSeveral: false },
      ...{ sent: 0, gone: 0, throttled: 0, failed: 0 },
    };
    this.#groups.set(key, group);
    this.#latest = { group, bytes };
    const [oldest] = this.#groups.size > MOST_GROUPS ? this.#groups : [];
    if (oldest) this.#end(...oldest);
    return group;
  }

  /** The groups with more than one connection, newest first. */
  list(): PostGroup[] {
    const all = [...this.#over, ...this.#groups.values()].filter(({ isToSeveral }) => isToSeveral);
    all.sort((a, b) => b.at - a.at);
    return all.slice(0, SHOWN_GROUPS).map(({ connection: _, isToSeveral: __, ...group }) => ({
      ...group,
      text: withoutSecrets(group.text),
    }));
  }

  #end(key: string, group: Gathered): void {
    this.#groups.delete(key);
    if (group.isToSeveral) this.#over = [group, ...this.#over].slice(0, MOST_GROUPS);
  }
}

function countOf(status: number | undefined): 'sent' | 'gone' | 'throttled' | 'failed' {
  if (status === 200) return 'sent';
  if (status === 410) return 'gone';
  return status === 429 ? 'throttled' : 'failed';
}
