import fc from 'fast-check';
import { pageModules } from './page-modules';

interface Person {
  user: string;
  name: string;
}
interface Question {
  id: string;
  text: string;
  choices: string[];
  right: number;
}
interface Round {
  offset: number;
  by: Person;
  question: Question;
  answers: Map<string, number>;
  isRevealed: boolean;
}
interface Quiz {
  rounds: Round[];
  players: Map<string, Person & { points: number; rounds: number }>;
  talk: { by: Person; words: string }[];
}
interface Line {
  offset: number;
  type: string;
  by: Person;
  [field: string]: unknown;
}
interface RoomLog {
  lines: Line[];
  last: number;
  add(publication: object): void;
  reach(offset: number): void;
  countBetween(after: number, upTo: number): number;
}

const {
  QUESTIONS,
  MAX_WORDS,
  LOG_SIZE,
  readLine,
  readPerson,
  quizOf,
  openRound,
  nextQuestion,
  resultOf,
  RoomLog,
  roomOf,
  roomInLink,
  channelOf,
} = pageModules<{
  QUESTIONS: Map<string, Question>;
  MAX_WORDS: number;
  LOG_SIZE: number;
  readLine(publication: unknown): Line | undefined;
  readPerson(info: unknown): Person;
  quizOf(lines: Line[]): Quiz;
  openRound(quiz: Quiz): Round | undefined;
  nextQuestion(quiz: Quiz, random?: () => number): string;
  resultOf(round: Round): { counts: number[]; right: number; all: number };
  RoomLog: new () => RoomLog;
  roomOf(typed: string): string | undefined;
  roomInLink(fragment: string): string | undefined;
  channelOf(room: string): string;
}>(...['questions', 'lines', 'quiz', 'room-log', 'room-names'].map((name) => `rooms/${name}.mjs`));

const [first = '', second = ''] = QUESTIONS.keys();
const RIGHT = QUESTIONS.get(first)?.right ?? 0;
const WRONG = RIGHT === 0 ? 1 : 0;
const infoOf = (user: string) => ({ user, client: `${user}-1`, connInfo: { name: user.toUpperCase() } });
const published = (offset: number, user: string, data: unknown) => ({ offset, data, info: infoOf(user) });

/** The quiz of publications, whose offsets begin with 1. */
function played(...all: [user: string, data: object][]): Quiz {
  const log = new RoomLog();
  for (const [index, [user, data]] of all.entries()) log.add(published(index + 1, user, data));
  return quizOf(log.lines);
}
const ask = { type: 'ask', question: first };
const reveal = { type: 'reveal', round: 1 };
const answer = (choice: number, round = 1) => ({ type: 'answer', round, choice });

describe('the questions', () => {
  it('have four different choices, one of which is right', () => {
    for (const { id, text, choices, right } of QUESTIONS.values()) {
      expect([id, text !== '', new Set(choices).size, right in choices]).toEqual([id, true, 4, true]);
    }
  });
});

describe('readLine', () => {
  it.each([
    ['ask', ask],
    ['answer', answer(3)],
    ['reveal', reveal],
    ['say', { type: 'say', key: 'k', words: 'Hello' }],
  ])('accepts %s, with the server’s information about its publisher', (type, data) => {
    expect(readLine(published(7, 'ada', data))).toEqual({
      ...data,
      offset: 7,
      type,
      by: { user: 'ada', name: 'ADA' },
    });
  });

  it('keeps only the fields that it knows', () => {
    const line = readLine(published(1, 'ada', { ...ask, offset: 99, by: { user: 'eve' }, html: '<b>' }));
    expect(line).toEqual({ offset: 1, type: 'ask', by: { user: 'ada', name: 'ADA' }, question: first });
  });

  it.each([
    ['nothing', undefined],
    ['no object', 'ask'],
    ['null', null],
    ['a list', [ask]],
    ['no type', {}],
    ['an unknown type', { type: 'shout', words: 'Hello' }],
    ['a type that every object has', { type: 'constructor' }],
    ['a question of its own', { type: 'ask', question: 'Is this mine?' }],
    ['a question that is no text', { type: 'ask', question: { toString: first } }],
    ['an answer to no round', { type: 'answer', round: 0, choice: 1 }],
    ['half a choice', answer(0.5)],
    ['a choice below the first', answer(-1)],
    ['a choice that is text', { ...answer(0), choice: '0' }],
    ['a reveal of no round', { type: 'reveal', round: Number.NaN }],
    ['words that are no text', { type: 'say', key: 'k', words: ['Hello'] }],
    ['empty words', { type: 'say', key: 'k', words: ' \n' }],
    ['too many words', { type: 'say', key: 'k', words: 'x'.repeat(MAX_WORDS + 1) }],
    ['words without a key', { type: 'say', words: 'Hello' }],
  ])('refuses %s', (_what, data) => {
    expect(readLine(published(1, 'ada', data))).toBeUndefined();
  });

  it('refuses a publication without an offset', () => {
    expect(readLine({ data: ask, info: infoOf('ada') })).toBeUndefined();
    expect(readLine(undefined)).toBeUndefined();
  });

  it('never throws, and lets only text, numbers and known fields in', () => {
    const anything = fc.anything({ withNullPrototype: true });
    const nearly = fc.record(
      {
        type: fc.constantFrom('ask', 'answer', 'reveal', 'say'),
        question: anything,
        round: anything,
        choice: anything,
        key: anything,
        words: anything,
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.oneof(anything, nearly), anything, (data, info) => {
        const line = readLine({ offset: 1, data, info });
        for (const value of Object.values({ ...line, by: undefined, ...line?.by })) {
          expect(['string', 'number', 'undefined']).toContain(typeof value);
        }
        if (line) expect(line.by.name).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

describe('readPerson', () => {
  it('names a guest, a user with a token, an unknown user, and a backend', () => {
    expect(readPerson(infoOf('ada'))).toEqual({ user: 'ada', name: 'ADA' });
    expect(readPerson({ user: 'bob', client: 'c' })).toEqual({ user: 'bob', name: 'bob' });
    expect(readPerson({ user: '', client: 'c' })).toEqual({ user: 'client:c', name: 'Somebody' });
    expect(readPerson(undefined)).toEqual({ user: '', name: 'The host' });
  });

  it('does not accept a name that is too long or not text', () => {
    for (const name of ['x'.repeat(129), { html: '<b>' }, '  ']) {
      expect(readPerson({ user: 'ada', client: 'c', connInfo: { name } }).name).toBe('ada');
    }
  });
});

describe('quizOf', () => {
  it('gives a point to everyone who was right, once the answer is revealed', () => {
    const open = played(['ada', ask], ['ada', answer(RIGHT)], ['bob', answer(WRONG)]);
    expect(openRound(open)).toMatchObject({ offset: 1, by: { name: 'ADA' }, isRevealed: false });
    expect(open.players.get('ada')).toMatchObject({ points: 0, rounds: 0 });
    const done = played(['ada', ask], ['ada', answer(RIGHT)], ['bob', answer(WRONG)], ['bob', reveal]);
    expect(openRound(done)).toBeUndefined();
    expect([...done.players.values()]).toEqual([
      { user: 'ada', name: 'ADA', points: 1, rounds: 1 },
      { user: 'bob', name: 'BOB', points: 0, rounds: 1 },
    ]);
    expect(done.rounds.map(resultOf)).toMatchObject([{ right: 1, all: 2 }]);
  });

  it('counts the last answer before the end, and none after it', () => {
    const { rounds, players } = played(
      ['ada', ask],
      ['bob', answer(WRONG)],
      ['bob', answer(RIGHT)],
      ['ada', reveal],
      ['bob', answer(WRONG)],
      ['eve', answer(RIGHT)],
      ['ada', reveal],
    );
    expect([...(rounds[0]?.answers ?? [])]).toEqual([['bob', RIGHT]]);
    expect([...players.values()]).toMatchObject([{ user: 'bob', points: 1, rounds: 1 }]);
  });

  it('lets the first of two concurrent askers ask', () => {
    const { rounds } = played(['ada', ask], ['bob', { type: 'ask', question: second }]);
    expect(rounds.map(({ question }) => question.id)).toEqual([first]);
  });

  it('does not count an invalid choice, nor an answer to another round', () => {
    const { rounds } = played(
      ['ada', ask],
      ['bob', answer(4)],
      ['bob', answer(RIGHT, 2)],
      ['bob', { type: 'reveal', round: 2 }],
    );
    expect(rounds[0]).toMatchObject({ answers: new Map(), isRevealed: false });
  });

  it('shows a retried line once, but the same text of others again', () => {
    const say = { type: 'say', key: 'k', words: 'Hello' };
    const { talk } = played(['ada', say], ['ada', say], ['bob', say], ['ada', { ...say, key: 'l' }]);
    expect(talk.map(({ by }) => by.user)).toEqual(['ada', 'bob', 'ada']);
  });

  it('is the same for everyone, however the lines arrived', () => {
    const data = fc.oneof(
      fc.record({ type: fc.constant('ask'), question: fc.constantFrom(...QUESTIONS.keys()) }),
      fc.record({
        type: fc.constant('answer'),
        round: fc.integer({ min: 1, max: 30 }),
        choice: fc.integer({ min: 0, max: 4 }),
      }),
      fc.record({ type: fc.constant('reveal'), round: fc.integer({ min: 1, max: 30 }) }),
    );
    const lines = fc.array(fc.tuple(fc.constantFrom('ada', 'bob', 'eve'), data), { maxLength: 30 });
    const shuffled = lines.chain((all) => {
      const publications = all.map(([user, line], index) => published(index + 1, user, line));
      return fc.tuple(
        fc.constant(publications),
        fc.shuffledSubarray(publications, { minLength: publications.length }),
      );
    });
    fc.assert(
      fc.property(shuffled, ([inOrder, otherwise]) => {
        const [one, other] = [inOrder, [...otherwise, ...inOrder]].map((publications) => {
          const log = new RoomLog();
          for (const publication of publications) log.add(publication);
          return quizOf(log.lines);
        });
        expect(other).toEqual(one);
        const { players = new Map(), rounds = [] } = one ?? {};
        for (const { points, rounds: answered } of players.values())
          expect(points).toBeLessThanOrEqual(answered);
        expect(rounds.slice(0, -1).every(({ isRevealed }) => isRevealed)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('nextQuestion', () => {
  it('asks each question once before repeating one', () => {
    const rounds: Round[] = [];
    const asked = new Set<string>();
    for (const _ of QUESTIONS) {
      const id = nextQuestion({ rounds, players: new Map(), talk: [] });
      asked.add(id);
      rounds.push({ question: QUESTIONS.get(id) } as Round);
    }
    expect(asked).toEqual(new Set(QUESTIONS.keys()));
    expect(QUESTIONS.has(nextQuestion({ rounds, players: new Map(), talk: [] }, () => 0.999))).toBe(true);
  });
});

describe('RoomLog', () => {
  it('contains the lines that a new page has, and no older ones', () => {
    const log = new RoomLog();
    for (let offset = 1; offset <= LOG_SIZE + 5; offset += 1) log.add(published(offset, 'ada', ask));
    expect(log.lines.map(({ offset }) => offset)).toEqual(
      Array.from({ length: LOG_SIZE }, (_, index) => index + 6),
    );
    log.add(published(3, 'ada', ask));
    expect(log.lines).toHaveLength(LOG_SIZE);
  });

  it('counts each publication between two positions once, even those without a line', () => {
    const log = new RoomLog();
    for (const offset of [4, 5, 6, 6, 8]) log.add(published(offset, 'ada', offset === 5 ? 'no line' : ask));
    expect(log.countBetween(4, 8)).toBe(3);
    expect(log.lines.map(({ offset }) => offset)).toEqual([4, 6, 8]);
  });

  it('forgets lines that are too old at a position from the server', () => {
    const log = new RoomLog();
    log.add(published(1, 'ada', ask));
    log.reach(LOG_SIZE + 1);
    expect([log.lines, log.last]).toEqual([[], LOG_SIZE + 1]);
  });
});

describe('the names of rooms', () => {
  it.each([
    ['math', 'math', 'public:quiz:math'],
    ['  Math  Class 7 ', 'math-class-7', 'public:quiz:math-class-7'],
    ['a.b/c', 'a.b/c', 'public:quiz:a.2eb.2fc'],
    ['غرفة', 'غرفة', 'public:quiz:.d8.ba.d8.b1.d9.81.d8.a9'],
    ['🎉', '🎉', 'public:quiz:.f0.9f.8e.89'],
  ])('turns %j into the room %j and a valid channel', (typed, room, channel) => {
    expect(roomOf(typed)).toBe(room);
    expect(channelOf(room)).toBe(channel);
    expect(channel).toMatch(/^[\w\-.:/]{1,128}$/);
    expect(roomInLink(`#${encodeURIComponent(room)}`)).toBe(room);
  });

  it.each(['', '   ', 'x'.repeat(117), '🎉'.repeat(10), '\ud83c'])('%j is none', (typed) => {
    expect(roomOf(typed)).toBeUndefined();
  });

  it('has no room for a broken link', () => {
    expect(roomInLink('#%E0%A4%A')).toBeUndefined();
    expect(roomInLink('')).toBeUndefined();
  });

  it('maps different rooms to different channels', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(channelOf(one) === channelOf(other)).toBe(one === other);
      }),
    );
  });
});
