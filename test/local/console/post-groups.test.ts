import { PostGroups } from '../../../local/console/post-groups';

describe('PostGroups', () => {
  let connection = 0;
  /** A post to a new connection, unless one is given. */
  const post = (groups: PostGroups, text: string, now: number, status?: number, to = `c${++connection}`) =>
    groups.add({ connection: to, stage: 'chat', bytes: text.length, text: text.slice(0, 400), status }, now);

  it('groups consecutive posts of the same text, with their results', () => {
    const groups = new PostGroups();
    for (const [index, status] of [200, 200, 410, 429, 500, undefined].entries())
      post(groups, 'Hi', 1_000 + index, status);
    expect(groups.list()).toEqual([
      {
        ...{ stage: 'chat', text: 'Hi', at: 1_000, lastAt: 1_005 },
        ...{ sent: 2, gone: 1, throttled: 1, failed: 2 },
      },
    ]);
  });

  it('starts a new group for the same text after a pause, the newest first', () => {
    const groups = new PostGroups();
    for (const now of [0, 10, 5_000, 5_010, 5_020]) post(groups, 'Hi', now, 200);
    expect(groups.list().map(({ at, sent }) => [at, sent])).toEqual([
      [5_000, 3],
      [0, 2],
    ]);
  });

  it('does not group posts to the same connection, such as retries', () => {
    const groups = new PostGroups();
    post(groups, 'Hello, Ada', 0, 200);
    post(groups, 'Hello, Bob', 0, 429, 'bob');
    post(groups, 'Hello, Bob', 100, 200, 'bob');
    expect(groups.list()).toEqual([]);
  });

  it('keeps long texts separate, and shows their beginnings without secrets', () => {
    const groups = new PostGroups();
    for (const length of [1_000, 2_000]) {
      for (let n = 0; n < 2; n += 1) post(groups, `{"password":"x"${' '.repeat(length)}}`, length, 200);
    }
    const [first, ...others] = groups.list();
    expect(others).toHaveLength(1);
    expect(first?.text).toMatch(/^\{"password":"\(hidden\)" +$/);
  });

  it('remembers a limited number of groups', () => {
    const groups = new PostGroups();
    for (let n = 0; n < 1_000; n += 1) for (const _ of 'ab') post(groups, `text ${n}`, n, 200);
    const list = groups.list();
    expect(list).toHaveLength(50);
    expect(list[0]?.text).toBe('text 999');
  });
});
