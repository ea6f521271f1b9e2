/** A server class's `static channels`: rules for channels, by the beginning of their names. */
import { InvalidValueError } from '../errors';
import { assertChannelName } from './channel-names';

/** What a channel keeps. */
export interface LogRule {
  /** How many lines a returning client can still get: 1 to 10,000. */
  size: number;
  /** For how long it can: 1 second to 30 days. */
  seconds: number;
}

export interface ChannelRule {
  /**
   * Stores publications under growing offsets. Each member gets each line once and in order, or is told to start
   * over.
   * @default none: a publication goes to the current members only
   */
  log?: LogRule;
  /** Whether a client in the channel may ask who else is in it, as `clientPresence` answers. @default false */
  presence?: boolean;
  /**
   * Whether members are notified when others join and leave. With `'differences'`, or `true`, a new member gets a whole list, and
   * everybody else gets the changes. With `'lists'`, everybody gets whole lists. @default false
   */
  joinLeave?: boolean | 'lists' | 'differences';
}

/** By a channel's name, or by the beginning of names and `*`: `'board/*'`. The longest match wins. */
export type ChannelRules = Readonly<Record<string, ChannelRule>>;

const NO_RULE: ChannelRule = {};
const MOST_LINES = 10_000;
const LONGEST_SECONDS = 30 * 24 * 60 * 60;

/** The rule of a channel: the one with its exact name, else the one with the longest matching beginning. */
export function ruleOf(rules: ChannelRules | undefined, channel: string): ChannelRule {
  if (!rules) return NO_RULE;
  if (Object.hasOwn(rules, channel)) return rules[channel] ?? NO_RULE;
  let longest: string | undefined;
  for (const pattern of Object.keys(rules)) {
    const fits = pattern.endsWith('*') && channel.startsWith(pattern.slice(0, -1));
    if (fits && pattern.length > (longest?.length ?? 0)) longest = pattern;
  }
  return longest === undefined ? NO_RULE : (rules[longest] ?? NO_RULE);
}

/** Whether a client in the channel may ask who else is in it. */
export function allowsPresence(rules: ChannelRules | undefined, channel: string): boolean {
  return ruleOf(rules, channel).presence ?? false;
}

/** Whether any channel announces who is in it. */
export function tellsPresence(rules: ChannelRules | undefined): boolean {
  return Object.values(rules ?? {}).some(({ joinLeave }) => joinLeave);
}

/** The rules of a server class. @throws InvalidValueError for one that no channel can follow */
export function channelRulesOf(ServerClass: { name: string; channels?: ChannelRules }): ChannelRules {
  const rules = ServerClass.channels ?? {};
  for (const [pattern, { log }] of Object.entries(rules)) {
    const where = `channels[${JSON.stringify(pattern)}] of ${ServerClass.name}`;
    const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern;
    if (prefix !== '' || pattern === '') {
      try {
        assertChannelName(prefix);
      } catch (cause) {
        throw new InvalidValueError(
          `${where} matches no channel. Use a channel's name, or the beginning of names followed by "*".`,
          { cause },
        );
      }
    }
    if (!log) continue;
    assertWhole(`${where}: log.size`, log.size, MOST_LINES);
    assertWhole(`${where}: log.seconds`, log.seconds, LONGEST_SECONDS);
  }
  return rules;
}

function assertWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new InvalidValueError(
    `${name} is ${String(value)}, but it must be a whole number from 1 to ${most}.`,
  );
}
