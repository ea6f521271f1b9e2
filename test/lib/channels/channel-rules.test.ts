import {
  allowsPresence,
  type ChannelRules,
  channelRulesOf,
  ruleOf,
} from '../../../lib/channels/channel-rules';

const LOG = { size: 100, seconds: 3_600 };

describe('ruleOf', () => {
  const rules: ChannelRules = {
    '*': { presence: false },
    'board/*': { log: LOG },
    'board/private/*': { presence: true },
    'board/lobby': { joinLeave: true },
  };

  it.each([
    ['board/1', { log: LOG }],
    ['board/private/1', { presence: true }],
    ['board/lobby', { joinLeave: true }],
    ['board/lobby/1', { log: LOG }],
    ['board', { presence: false }],
    ['constructor', { presence: false }],
  ])('uses the name itself, or else the longest prefix: %s', (channel, rule) => {
    expect(ruleOf(rules, channel)).toEqual(rule);
  });

  it('keeps nothing for a channel without a matching rule', () => {
    expect(ruleOf({ 'board/*': { log: LOG } }, 'news')).toEqual({});
    expect(ruleOf(undefined, 'news')).toEqual({});
  });
});

describe('allowsPresence', () => {
  const rules: ChannelRules = { 'board/*': { presence: true }, 'board/secret': { log: LOG } };

  it.each([
    ['board/1', true],
    ['board/secret', false],
    ['news', false],
  ])('follows the rule of the channel: %s', (channel, allowed) => {
    expect(allowsPresence(rules, channel)).toBe(allowed);
  });

  it('is false without rules', () => {
    expect(allowsPresence(undefined, 'board/1')).toBe(false);
  });
});

describe('channelRulesOf', () => {
  it.each([
    [
      'a size of 0',
      { 'a/*': { log: { ...LOG, size: 0 } } },
      /log.size is 0, but it must be .* from 1 to 10000/,
    ],
    ['part of a line', { 'a/*': { log: { ...LOG, size: 1.5 } } }, /log.size is 1.5/],
    ['years', { 'a/*': { log: { ...LOG, seconds: 1e8 } } }, /log.seconds is 100000000/],
    ['a pattern in the middle', { 'a/*/b': {} }, /channels\["a\/\*\/b"\] of Board matches no channel/],
    ['an empty pattern', { '': {} }, /matches no channel/],
  ])('refuses %s', (_what, channels, complaint) => {
    expect(() => channelRulesOf({ name: 'Board', channels })).toThrow(complaint);
  });

  it('accepts a rule for every channel', () => {
    expect(channelRulesOf({ name: 'Board', channels: { '*': { log: LOG } } })).toEqual({ '*': { log: LOG } });
  });
});
