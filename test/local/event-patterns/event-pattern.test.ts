import type { Json, JsonObject } from '../../../local/assembly/values/json';
import { EventPattern } from '../../../local/event-patterns/event-pattern';
import { PatternError } from '../../../local/event-patterns/pattern-error';

/** The examples of AWS's page on comparison operators, and its rules on lists and missing fields. */
const CASES: [name: string, pattern: JsonObject, matching: Json[], others: Json[]][] = [
  ['a text', { a: ['x', 'y'] }, [{ a: 'y' }], [{ a: 'z' }, { a: 1 }, {}]],
  ['a number, however it is written', { a: [300] }, [{ a: 300 }], [{ a: '300' }, { a: 301 }]],
  ['null', { a: [null] }, [{ a: null }], [{}, { a: '' }, { a: 0 }]],
  ['an empty text', { a: [''] }, [{ a: '' }], [{}, { a: null }]],
  ['true', { a: [true] }, [{ a: true }], [{ a: 'true' }, { a: 1 }]],
  ['one element of a list', { a: ['x'] }, [{ a: ['w', 'x'] }], [{ a: ['w'] }, { a: [] }]],
  ['every field', { a: { b: [1], c: [2] } }, [{ a: { b: 1, c: 2, d: 3 } }], [{ a: { b: 1 } }]],
  [
    'fields of one object of a list, not of two',
    { a: { b: [1], c: [2] } },
    [{ a: [{ b: 0 }, { b: 1, c: 2 }] }],
    [
      {
        a: [
          { b: 1, c: 0 },
          { b: 0, c: 2 },
        ],
      },
    ],
  ],
  ['prefix', { a: [{ prefix: 'us-' }] }, [{ a: 'us-east-1' }], [{ a: 'eu' }, { a: 3 }, {}]],
  [
    'prefix without case',
    { a: [{ prefix: { 'equals-ignore-case': 'EventB' } }] },
    [{ a: 'eVENTbus' }],
    [{ a: 'x' }],
  ],
  ['suffix', { a: [{ suffix: '.png' }] }, [{ a: 'b.png' }], [{ a: 'b.PNG' }]],
  [
    'suffix without case',
    { a: [{ suffix: { 'equals-ignore-case': '.png' } }] },
    [{ a: 'b.PnG' }],
    [{ a: 'png' }],
  ],
  ['equals-ignore-case', { a: [{ 'equals-ignore-case': 'Alice' }] }, [{ a: 'aLICE' }], [{ a: 'Bob' }]],
  [
    'wildcard',
    { a: [{ wildcard: 'dir/*.png' }] },
    [{ a: 'dir/b.png' }, { a: 'dir/.png' }],
    [{ a: 'dir/b.gif' }],
  ],
  ['wildcard with overlapping ends', { a: [{ wildcard: 'ab*ba' }] }, [{ a: 'abba' }], [{ a: 'aba' }]],
  ['an escaped star', { a: [{ wildcard: 'a\\*b' }] }, [{ a: 'a*b' }], [{ a: 'axb' }]],
  ['exists', { a: [{ exists: true }] }, [{ a: null }, { a: 0 }], [{}, { a: { b: 1 } }]],
  [
    'exists: false',
    { a: { b: [{ exists: false }] } },
    [{ a: {} }, {}, { a: { c: 1 } }],
    [{ a: { b: null } }],
  ],
  ['anything-but', { a: [{ 'anything-but': ['x', 5] }] }, [{ a: 'y' }, { a: 6 }], [{ a: 'x' }, { a: 5 }, {}]],
  ['anything-but prefix', { a: [{ 'anything-but': { prefix: 'x' } }] }, [{ a: 'yx' }], [{ a: 'xy' }, {}]],
  [
    'anything-but of several suffixes',
    { a: [{ 'anything-but': { suffix: ['.a', '.b'] } }] },
    [{ a: 'x.c' }],
    [{ a: 'x.b' }],
  ],
  [
    'anything-but without case',
    { a: [{ 'anything-but': { 'equals-ignore-case': ['X'] } }] },
    [{ a: 'y' }],
    [{ a: 'x' }],
  ],
  [
    'anything-but wildcard',
    { a: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
    [{ a: 'lib' }],
    [{ a: 'a/lib/b' }],
  ],
  [
    'a range',
    { a: [{ numeric: ['>', 0, '<=', 5] }] },
    [{ a: 5 }, { a: 0.1 }],
    [{ a: 0 }, { a: 6 }, { a: '3' }],
  ],
  [
    'cidr',
    { a: [{ cidr: '10.0.0.0/24' }] },
    [{ a: '10.0.0.255' }],
    [{ a: '10.0.1.0' }, { a: '::1' }, { a: 'x' }],
  ],
  ['cidr of IPv6', { a: [{ cidr: '2001:db8::/32' }] }, [{ a: '2001:db8:1::' }], [{ a: '2001:db9::' }]],
  ['one of several rules', { a: ['x', { numeric: ['=', 1] }] }, [{ a: 'x' }, { a: 1 }], [{ a: 2 }]],
  [
    '$or',
    { s: ['x'], $or: [{ a: [1] }, { b: [{ prefix: 'p' }] }] },
    [
      { s: 'x', a: 1 },
      { s: 'x', b: 'pq' },
    ],
    [{ s: 'x', a: 2, b: 'q' }, { a: 1 }],
  ],
  ['a field whose name every object has', { constructor: ['x'] }, [{ constructor: 'x' }], [{}]],
];

describe('EventPattern', () => {
  it.each(CASES)('matches by %s', (_, pattern, matching, others) => {
    const compiled = new EventPattern(pattern);
    expect(matching.filter((event) => !compiled.matches(event))).toEqual([]);
    expect(others.filter((event) => compiled.matches(event))).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ['nothing', {}, 'Empty pattern'],
    ['a value outside of a list', { a: 'x' }, '"a" must be an object or an array, at a'],
    ['an empty list', { a: { b: [] } }, 'Empty arrays are not allowed, at a.b'],
    ['an unknown operator', { a: [{ like: 'x' }] }, 'Unrecognized match type like, at a'],
    [
      'an inherited name for an operator',
      { a: [{ constructor: 'x' }] },
      'Unrecognized match type constructor, at a',
    ],
    [
      'two operators at once',
      { a: [{ prefix: 'x', suffix: 'y' }] },
      'Only one key allowed in match expression, at a',
    ],
    [
      'a comparison that is none',
      { a: [{ numeric: ['<>', 1] }] },
      'Unrecognized numeric range operator <>, at a',
    ],
    ['a network that is none', { a: [{ cidr: '10.0.0.0/33' }] }, 'Malformed CIDR, at a'],
  ])('refuses %s', (_, pattern, message) => {
    expect(() => new EventPattern(pattern)).toThrow(new PatternError(message));
  });
});
