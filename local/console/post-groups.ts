/** Deliveries of any app, as far as the gateway sees them: posts of the same text that follow each other. */
import { withoutSecrets } from './hidden-secrets';

/** A text that is posted again after this time is another delivery. */
const PAUSE_MILLIS = 2_000;
/** Deliveries that are remembered. */
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
  /** Any other answer, and none. */
  failed: number;
}

interface Gathered extends PostGroup {
  /** To whom the first one went. */
  connection: string;
  isToSeveral: boolean;
}

export interface Post {
  connection: string;
  stage: string;
  bytes: number;
  /** Its beginning. */
  text: string;
  /** Missing if there was no answer. */
  status?: number | undefined;
}

export class PostGroups {
  /** By what they have in common, in the order of their first posts. */
  readonly #groups = new Map<string, Gathered>();
  /** The next post is most likely one of these. */
  #latest: { group: Gathered; bytes: number } | undefined;
  /** Those that are over. */
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

  /** Those that went to more than one connection, the newest first. */
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
