import type { JsonObject } from '../../../local/assembly/values/json';
import { PolicyEvaluator } from '../../../local/iam/policy-evaluator';
import { readStatements } from '../../../local/iam/policy-statement';
import type { RequestContext } from '../../../local/iam/request-context';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/Writer`;
const TABLE = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/Notes`;
const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;
const PUT = 'dynamodb:PutItem';

function evaluator(statements: JsonObject[], boundary?: JsonObject[]): PolicyEvaluator {
  return new PolicyEvaluator({
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Writer/fn`,
    roleArn: ROLE,
    accountId: ACCOUNT,
    statements: readStatements({ Statement: statements }),
    ...(boundary && { boundary: readStatements({ Statement: boundary }) }),
  });
}

function contextOf(values: Record<string, string[]> = {}): RequestContext {
  return (key) => values[key];
}

function decide(statement: JsonObject, action = PUT, resource = TABLE, values?: Record<string, string[]>) {
  return evaluator([statement]).decide(action, resource, contextOf(values));
}

const allow = (more: JsonObject = {}): JsonObject => ({
  Effect: 'Allow',
  Action: PUT,
  Resource: TABLE,
  ...more,
});

describe('PolicyEvaluator', () => {
  it('allows nothing without a policy', () => {
    expect(evaluator([]).decide(PUT, TABLE, contextOf())).toBe('not allowed');
  });

  it.each<[string, JsonObject, string, string, boolean]>([
    ['the action and the resource', {}, PUT, TABLE, true],
    ['another action', {}, 'dynamodb:GetItem', TABLE, false],
    ['another resource', {}, PUT, `${TABLE}2`, false],
    ['an action in another case', { Action: 'DynamoDB:putitem' }, PUT, TABLE, true],
    ['actions by a wildcard', { Action: 'dynamodb:Put*' }, PUT, TABLE, true],
    ['one character by a question mark', { Action: 'dynamodb:P?tItem' }, PUT, TABLE, true],
    ['one of several', { Action: ['dynamodb:Scan', PUT], Resource: ['x', TABLE] }, PUT, TABLE, true],
    ['an index, which the table does not stand for', {}, PUT, `${TABLE}/index/byDay`, false],
    ['an index by a wildcard', { Resource: `${TABLE}/index/*` }, PUT, `${TABLE}/index/byDay`, true],
    ['all but the action', { Action: undefined as never, NotAction: PUT }, PUT, TABLE, false],
    ['all but another action', { Action: undefined as never, NotAction: 'dynamodb:Get*' }, PUT, TABLE, true],
    ['all but the resource', { Resource: undefined as never, NotResource: TABLE }, PUT, TABLE, false],
    [
      'all but another resource',
      { Resource: undefined as never, NotResource: `${TABLE}2` },
      PUT,
      TABLE,
      true,
    ],
  ])('matches %s', (_, more, action, resource, isAllowed) => {
    expect(decide(allow(more), action, resource)).toBe(isAllowed ? 'allowed' : 'not allowed');
  });

  it('lets a denial override every permission', () => {
    const both = evaluator([allow({ Action: '*', Resource: '*' }), { ...allow(), Effect: 'Deny' }]);
    expect(both.decide(PUT, TABLE, contextOf())).toBe('denied by identity');
  });

  it.each<[string, JsonObject, Record<string, string[]>, boolean]>([
    ['StringEquals', { StringEquals: { 'a:b': ['x', 'y'] } }, { 'a:b': ['y'] }, true],
    ['StringEquals without the key', { StringEquals: { 'a:b': 'x' } }, {}, false],
    ['a key in another case', { StringEquals: { 'A:B': 'x' } }, { 'a:b': ['x'] }, true],
    ['StringEqualsIfExists without the key', { StringEqualsIfExists: { 'a:b': 'x' } }, {}, true],
    ['StringNotEquals', { StringNotEquals: { 'a:b': ['x', 'y'] } }, { 'a:b': ['y'] }, false],
    ['StringNotEquals without the key', { StringNotEquals: { 'a:b': 'x' } }, {}, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { 'a:b': 'X' } }, { 'a:b': ['x'] }, true],
    ['StringLike', { StringLike: { 'a:b': 'user-*' } }, { 'a:b': ['user-7'] }, true],
    ['StringNotLike', { StringNotLike: { 'a:b': 'user-*' } }, { 'a:b': ['user-7'] }, false],
    ['ArnLike', { ArnLike: { 'a:b': 'arn:aws:sns:*:1:t*' } }, { 'a:b': ['arn:aws:sns:eu:1:topic'] }, true],
    [
      'ArnLike across a colon',
      { ArnLike: { 'a:b': 'arn:*:topic' } },
      { 'a:b': ['arn:aws:sns:eu:1:topic'] },
      false,
    ],
    [
      'ArnNotEquals',
      { ArnNotEquals: { 'a:b': 'arn:aws:sns:eu:1:t' } },
      { 'a:b': ['arn:aws:sns:eu:1:t'] },
      false,
    ],
    ['Bool', { Bool: { 'a:b': 'true' } }, { 'a:b': ['true'] }, true],
    ['Bool given as a boolean', { Bool: { 'a:b': false } }, { 'a:b': ['true'] }, false],
    ['NumericLessThan', { NumericLessThan: { 'a:b': '10' } }, { 'a:b': ['9'] }, true],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { 'a:b': 10 } }, { 'a:b': ['9'] }, false],
    [
      'DateLessThan',
      { DateLessThan: { 'a:b': '2030-01-01T00:00:00Z' } },
      { 'a:b': ['2029-01-01T00:00:00Z'] },
      true,
    ],
    ['IpAddress', { IpAddress: { 'a:b': '10.0.0.0/8' } }, { 'a:b': ['10.1.2.3'] }, true],
    ['IpAddress outside', { IpAddress: { 'a:b': '10.0.0.0/8' } }, { 'a:b': ['11.1.2.3'] }, false],
    ['NotIpAddress', { NotIpAddress: { 'a:b': 'fd00::/8' } }, { 'a:b': ['fe80::1'] }, true],
    ['Null true', { Null: { 'a:b': 'true' } }, {}, true],
    ['Null false', { Null: { 'a:b': 'false' } }, {}, false],
    [
      'ForAllValues of all',
      { 'ForAllValues:StringEquals': { 'a:b': ['x', 'y'] } },
      { 'a:b': ['x', 'x'] },
      true,
    ],
    ['ForAllValues of some', { 'ForAllValues:StringEquals': { 'a:b': ['x'] } }, { 'a:b': ['x', 'z'] }, false],
    ['ForAllValues without the key', { 'ForAllValues:StringEquals': { 'a:b': ['x'] } }, {}, true],
    ['ForAnyValue of some', { 'ForAnyValue:StringEquals': { 'a:b': ['x'] } }, { 'a:b': ['x', 'z'] }, true],
    ['ForAnyValue without the key', { 'ForAnyValue:StringLike': { 'a:b': ['*'] } }, {}, false],
    [
      'two operators, one of which fails',
      { Bool: { 'a:b': 'true' }, Null: { 'a:b': 'true' } },
      { 'a:b': ['true'] },
      false,
    ],
    ['two keys, one of which fails', { StringEquals: { 'a:b': 'x', 'a:c': 'x' } }, { 'a:b': ['x'] }, false],
    ['an operator that IAM does not know', { StringMatches: { 'a:b': 'x' } }, { 'a:b': ['x'] }, false],
    ['a variable', { StringEquals: { 'a:b': `\${a:c}` } }, { 'a:b': ['x'], 'a:c': ['x'] }, true],
    ['a variable without a value', { StringEquals: { 'a:b': `\${a:c}` } }, { 'a:b': [''] }, false],
    ["a variable's default", { StringEquals: { 'a:b': `\${a:c, 'none'}` } }, { 'a:b': ['none'] }, true],
  ])('decides by %s', (_, Condition, values, isAllowed) => {
    expect(decide(allow({ Condition }), PUT, TABLE, values)).toBe(isAllowed ? 'allowed' : 'not allowed');
  });

  it('evaluates a condition again each time', () => {
    const one = evaluator([allow({ Condition: { StringEquals: { 'a:b': 'x' } } })]);
    expect(one.decide(PUT, TABLE, contextOf({ 'a:b': ['x'] }))).toBe('allowed');
    expect(one.decide(PUT, TABLE, contextOf({ 'a:b': ['z'] }))).toBe('not allowed');
  });

  it('inserts variables into resources', () => {
    const own = allow({ Resource: `${TABLE}-\${aws:userid}` });
    expect(decide(own, PUT, `${TABLE}-me`, { 'aws:userid': ['me'] })).toBe('allowed');
    expect(decide(own, PUT, `${TABLE}-you`, { 'aws:userid': ['me'] })).toBe('not allowed');
  });

  it.each(['*', '?', '$'])('matches a %s that is written as a variable only with itself', (character) => {
    const own = allow({ Resource: `${TABLE}-\${${character}}-*` });
    expect(decide(own, PUT, `${TABLE}-${character}-1`)).toBe('allowed');
    expect(decide(own, PUT, `${TABLE}-x-1`)).toBe('not allowed');
  });

  it.each([
    ['StringEquals', 'all', 'not allowed'],
    ['StringEquals', '*', 'allowed'],
    ['StringLike', 'all', 'not allowed'],
    ['StringLike', '*', 'allowed'],
    ['ArnLike', 'all', 'not allowed'],
    ['ArnLike', '*', 'allowed'],
  ])('with %s, compares a literal * with %s', (operator, value, verdict) => {
    const [given, wanted] = operator.startsWith('Arn')
      ? [`${TABLE}-${value}`, `${TABLE}-\${*}`]
      : [value, `\${*}`];
    const statement = allow({ Condition: { [operator]: { 'a:b': wanted } } });
    expect(decide(statement, PUT, TABLE, { 'a:b': [given as string] })).toBe(verdict);
  });

  describe('with a permissions boundary', () => {
    it('allows what both allow', () => {
      const bounded = evaluator([allow()], [allow({ Action: 'dynamodb:*' })]);
      expect(bounded.decide(PUT, TABLE, contextOf())).toBe('allowed');
    });

    it('refuses what only the policy allows', () => {
      const bounded = evaluator([allow()], [allow({ Action: 'sqs:*', Resource: '*' })]);
      expect(bounded.decide(PUT, TABLE, contextOf())).toBe('out of bounds');
    });

    it('refuses what only the boundary allows', () => {
      expect(evaluator([], [allow()]).decide(PUT, TABLE, contextOf())).toBe('not allowed');
    });

    it('refuses what the boundary denies', () => {
      const bounded = evaluator(
        [allow()],
        [allow({ Effect: 'Deny' }), allow({ Action: '*', Resource: '*' })],
      );
      expect(bounded.decide(PUT, TABLE, contextOf())).toBe('denied by boundary');
    });
  });

  describe('with a policy of the resource', () => {
    const send = (Principal: JsonObject | string, Effect = 'Allow') =>
      readStatements({ Statement: [{ Effect, Principal, Action: 'sqs:SendMessage', Resource: QUEUE }] });
    const ask = (policy: ReturnType<typeof send>, own: JsonObject[] = [], boundary?: JsonObject[]) =>
      evaluator(own, boundary).decide('sqs:SendMessage', QUEUE, contextOf(), policy);

    it('allows what it allows to the role', () => {
      expect(ask(send({ AWS: ROLE }))).toBe('allowed');
    });

    it('allows what it allows to the session, or to everyone', () => {
      expect(ask(send({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/Writer/fn` }))).toBe('allowed');
      expect(ask(send('*'))).toBe('allowed');
    });

    it('leaves the decision to the role’s policies for what it allows to the account', () => {
      expect(ask(send({ AWS: `arn:aws:iam::${ACCOUNT}:root` }))).toBe('not allowed');
    });

    it('does not apply to the role if it names a service or another role', () => {
      expect(ask(send({ Service: 'sns.amazonaws.com' }))).toBe('not allowed');
      expect(ask(send({ AWS: `${ROLE}2` }))).toBe('not allowed');
    });

    it('refuses what it denies to the account, whatever the role allows', () => {
      const own = [allow({ Action: '*', Resource: '*' })];
      expect(ask(send({ AWS: ACCOUNT }, 'Deny'), own)).toBe('denied by resource');
    });

    it('is limited by the boundary of the role that it names', () => {
      expect(ask(send({ AWS: ROLE }), [], [allow()])).toBe('out of bounds');
    });
  });
});
