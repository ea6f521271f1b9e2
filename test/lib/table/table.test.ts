import {
  absent,
  all,
  always,
  any,
  atMost,
  type Condition,
  differs,
  equals,
  exists,
  itemAbsent,
  itemExists,
  lacks,
  lessThan,
} from '../../../lib/table/conditions';
import { pages } from '../../../lib/table/table';
import { describeForEachTable } from './tables';

describeForEachTable('Table', (under) => {
  const key = (sk = 'a') => ({ pk: under().pk, sk });

  it('returns what was put', async () => {
    const item = { ...key(), text: 'ä€😀', number: 1.5, flag: false, list: ['x', 1], map: { y: { z: 'w' } } };
    expect(await under().table.put(item, always)).toBe(true);
    expect(await under().table.get(key())).toEqual(item);
  });

  it('returns undefined for a missing item', async () => {
    expect(await under().table.get(key())).toBeUndefined();
  });

  it('hides expired items, in get and query, to the second', async () => {
    const { table, clock, pk } = under();
    const expiresAt = Math.floor(clock.now() / 1000) + 10;
    await table.put({ ...key(), expiresAt }, always);
    await clock.advance(9_999);
    expect(await table.get(key())).toBeDefined();
    await clock.advance(1);
    expect(await table.get(key())).toBeUndefined();
    expect((await table.query({ pk, prefix: '' })).items).toEqual([]);
  });

  const item = { text: 'b', number: 5, flag: true, same: 5 };
  it.each<[string, Condition, boolean]>([
    ['always', always, true],
    ['itemExists', itemExists, true],
    ['itemAbsent', itemAbsent, false],
    ['exists', exists('text'), true],
    ['exists, of an absent attribute', exists('nothing'), false],
    ['absent', absent('text'), false],
    ['absent, of an absent attribute', absent('nothing'), true],
    ['equals', equals('text', 'b'), true],
    ['equals, of another value', equals('text', 'a'), false],
    ['equals, of another type', equals('number', '5'), false],
    ['equals, of an absent attribute', equals('nothing', 'a'), false],
    ['equals, of a boolean', equals('flag', true), true],
    ['lessThan', lessThan('number', 6), true],
    ['lessThan, the value itself', lessThan('number', 5), false],
    ['lessThan, of an absent attribute', lessThan('nothing', 6), false],
    ['lessThan, of another type', lessThan('text', 6), false],
    ['atMost, the value itself', atMost('number', 5), true],
    ['atMost, less', atMost('number', 4), false],
    ['differs', differs('number', 'text'), true],
    ['differs, of equal ones', differs('number', 'same'), false],
    ['all', all(exists('text'), equals('number', 5)), true],
    ['all, one of which fails', all(exists('text'), equals('number', 6)), false],
    ['any', any(exists('nothing'), equals('number', 5)), true],
    ['any, all of which fail', any(exists('nothing'), equals('number', 6)), false],
    ['nested', any(absent('text'), all(exists('text'), any(equals('flag', true), absent('flag')))), true],
  ])('evaluates %s equally in put, update and delete', async (_name, condition, holds) => {
    const { table } = under();
    await table.put({ ...key(), ...item }, always);
    expect(await table.put({ ...key(), ...item }, condition)).toBe(holds);
    expect((await table.update(key(), { set: { touched: true } }, condition)) !== undefined).toBe(holds);
    expect(await table.delete(key(), condition)).toBe(holds);
    expect((await table.get(key())) === undefined).toBe(holds);
  });

  it('evaluates the conditions of a missing item', async () => {
    const { table } = under();
    expect(await table.update(key(), { set: { a: 1 } }, itemExists)).toBeUndefined();
    expect(await table.update(key(), { set: { a: 1 } }, equals('a', 1))).toBeUndefined();
    expect(await table.delete(key(), itemExists)).toBe(false);
    expect(await table.get(key())).toBeUndefined();
  });

  it('sets, adds, removes, and returns the item after the change', async () => {
    const { table } = under();
    await table.put({ ...key(), a: 1, b: 'x', c: 'y' }, always);
    const change = {
      set: { a: 2 },
      setIfAbsent: { b: 'z', d: 'new' },
      add: { n: 3 },
      remove: ['c', 'nothing'],
    };
    const after = { ...key(), a: 2, b: 'x', d: 'new', n: 3 };
    expect(await table.update(key(), change, itemExists)).toEqual(after);
    expect(await table.get(key())).toEqual(after);
  });

  it('creates a missing item if the condition allows it', async () => {
    expect(await under().table.update(key(), { add: { n: 1 } }, always)).toEqual({ ...key(), n: 1 });
  });

  describe('a string set', () => {
    const set = async (...members: [string, ...string[]]) => {
      await under().table.update(key(), { addTo: { set: members } }, always);
    };

    it('is created with its first members, and is read in order', async () => {
      await set('b', 'a');
      await set('c', 'a');
      const expected = { ...key(), set: ['a', 'b', 'c'] };
      expect(await under().table.get(key())).toEqual(expected);
      expect((await under().table.query({ pk: under().pk, prefix: '' })).items).toEqual([expected]);
    });

    it('loses members, even missing ones, and is deleted with the last one', async () => {
      await set('a', 'b');
      const without = (...members: [string, ...string[]]) =>
        under().table.update(key(), { deleteFrom: { set: members } }, itemExists);
      expect(await without('a', 'x')).toEqual({ ...key(), set: ['b'] });
      expect(await without('b')).toEqual(key());
      expect(await without('b')).toEqual(key());
    });

    it('changes together with another set, a number and a value', async () => {
      await set('a');
      const change = {
        set: { last: 'a' },
        add: { n: 1 },
        addTo: { gone: ['a'] as const },
        deleteFrom: { set: ['a'] as const },
      };
      expect(await under().table.update(key(), change, itemExists)).toEqual({
        ...key(),
        ...{ last: 'a', n: 1, gone: ['a'] },
      });
    });

    it('can be checked for its presence and its members', async () => {
      await set('a', 'b');
      const judged = async (condition: Condition) =>
        (await under().table.update(key(), { set: { touched: true } }, condition)) !== undefined;
      expect(await judged(absent('set'))).toBe(false);
      expect(await judged(lacks('set', 'a'))).toBe(false);
      expect(await judged(lacks('set', 'c'))).toBe(true);
      expect(await judged(lacks('other', 'a'))).toBe(true);
      await under().table.update(key(), { deleteFrom: { set: ['a', 'b'] } }, itemExists);
      expect(await judged(absent('set'))).toBe(true);
      expect(await judged(lacks('set', 'a'))).toBe(true);
    });

    it('loses no member when many are added concurrently', async () => {
      const names = Array.from({ length: 20 }, (_, n) => `m${n}`);
      await Promise.all(names.map((name) => set(name)));
      expect((await under().table.get(key()))?.set).toEqual(names.sort());
    });
  });

  it('counts correctly when many add concurrently', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => under().table.update(key(), { add: { n: 1 } }, always)),
    );
    expect((await under().table.get(key()))?.n).toBe(20);
  });

  it('lets exactly one of many concurrent writes meet a condition', async () => {
    const puts = Array.from({ length: 20 }, (_, n) => under().table.put({ ...key(), n }, itemAbsent));
    expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(1);
  });

  describe('query', () => {
    beforeEach(async () => {
      for (const sk of ['A#1', 'B#3', 'B#1', 'B#2', 'C#1', 'B#ä']) await under().table.put(key(sk), always);
      await under().table.put({ pk: `${under().pk}-other`, sk: 'B#1' }, always);
    });

    const keys = async (range: object) =>
      (await under().table.query({ pk: under().pk, prefix: 'B#', ...range })).items.map(({ sk }) => sk);

    it('returns one partition’s items with the prefix, in order of their keys’ bytes', async () => {
      expect(await keys({})).toEqual(['B#1', 'B#2', 'B#3', 'B#ä']);
    });

    it('can read backwards', async () => {
      expect(await keys({ descending: true })).toEqual(['B#ä', 'B#3', 'B#2', 'B#1']);
    });

    it('reads all pages in either direction', async () => {
      for (const descending of [false, true]) {
        const found: string[] = [];
        const range = { pk: under().pk, prefix: 'B#', limit: 2, descending };
        for await (const page of pages(under().table, range)) {
          expect(page.length).toBeLessThanOrEqual(2);
          found.push(...page.map(({ sk }) => sk));
        }
        const expected = ['B#1', 'B#2', 'B#3', 'B#ä'];
        expect(found).toEqual(descending ? expected.reverse() : expected);
      }
    });
  });
});

describe('pages', () => {
  const start = (range: { limit?: number }) => {
    const asked: number[] = [];
    const table = {
      query: async ({ after }: { after?: { sk: string } }) => {
        const page = Number(after?.sk ?? 0) + 1;
        asked.push(page);
        return {
          items: [{ pk: 'p', sk: String(page) }],
          ...(page < 3 && { next: { pk: 'p', sk: String(page) } }),
        };
      },
    };
    return { asked, iterator: pages(table as never, { pk: 'p', prefix: '', ...range }) };
  };

  it('reads the next page while the caller works on the current one', async () => {
    const { asked, iterator } = start({});
    await iterator.next();
    expect(asked).toEqual([1, 2]);
    await iterator.next();
    expect(asked).toEqual([1, 2, 3]);
  });

  it('does not read ahead if the caller has limited the page, because it may need no other', async () => {
    const { asked, iterator } = start({ limit: 1 });
    await iterator.next();
    expect(asked).toEqual([1]);
    await iterator.next();
    expect(asked).toEqual([1, 2]);
  });
});
