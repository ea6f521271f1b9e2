/** The small cases of channels with a log that are explored: publishers, posters that die or stall, clients that join and leave. */
import { does, makeBoard } from './log-deeds';
import { wrongAtRest, wrongNow } from './log-sequences';
import type { Scenario } from './scenario';

const log = { makeServerClass: makeBoard, wrongNow, wrongAtRest } satisfies Partial<Scenario>;

const outside = { connected: true, hasSent: ['first'] };
const inside = { connected: true, hasSent: ['join', 'first'] };
const putIn = { connected: true, hasSent: ['be put in'] };

export const logCases: Record<string, Scenario> = {
  'two publish': {
    ...log,
    clients: { a: inside },
    others: { one: does('publish'), another: does('publish') },
    largerBudget: { repeats: 1 },
  },
  'two publish, and one dies': {
    ...log,
    large: true,
    clients: { a: inside },
    others: { one: does('publish'), another: does('publish') },
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'two publish, and one stalls and comes back': {
    ...log,
    large: true,
    clients: { a: inside },
    others: { one: does('publish'), another: does('publish') },
    budget: { stalls: 1 },
    largerBudget: { stalls: 2 },
  },
  'one publishes twice, and answers are lost': {
    ...log,
    clients: { a: inside },
    others: { one: does('publish', 'publish') },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2, crashes: 1 },
  },
  'two publish, and copies of calls come late': {
    ...log,
    large: true,
    clients: { a: inside },
    others: { one: does('publish'), another: does('publish') },
    budget: { lateCopies: 1 },
    largerBudget: { lateCopies: 2 },
  },
  'a publisher is slow to store its line': {
    ...log,
    clients: { a: inside },
    others: { one: does('publish'), another: does('publish') },
    takesLong: 'put LOG#chat#news / ENTRY#',
    budget: {},
  },
  'a poster stalls in an invocation of its own': {
    ...log,
    large: true,
    clients: { a: inside },
    others: { one: does('publishElsewhere'), another: does('publish') },
    stallsAt: 'update CHANNEL#chat#news / POSTER#',
    budget: { stalls: 1 },
  },
  'a client joins twice, and leaves': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { first: does('join'), second: does('join', 'unsubscribe') },
    budget: {},
  },
  'one publishes to one who has been put in': {
    ...log,
    clients: { a: putIn },
    others: { one: does('publish'), another: does('publish') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'one publishes from elsewhere': {
    ...log,
    clients: { a: inside },
    others: { one: does('publishElsewhere'), another: does('publish') },
    largerBudget: { crashes: 1 },
  },
  'a client joins while one publishes': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { one: does('publish'), another: does('join') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'a client comes back while one publishes': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { one: does('publish'), another: does('joinSince') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'a client joins, and an invocation dies': {
    ...log,
    clients: { a: outside },
    others: { one: does('joinSince', 'publish'), another: does('publish') },
    large: true,
    budget: { crashes: 1 },
    largerBudget: { crashes: 2 },
  },
  'a client joins, and answers are lost': {
    ...log,
    clients: { a: outside },
    others: { one: does('joinSince', 'publish') },
    budget: { repeats: 1 },
    largerBudget: { repeats: 2 },
  },
  'a client joins, and copies of calls come late': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { one: does('joinSince', 'publish') },
    budget: { lateCopies: 1 },
  },
  'a client joins, and a poster stalls': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { one: does('publish'), another: does('joinSince') },
    budget: { stalls: 1 },
  },
  'a client joins twice': {
    ...log,
    large: true,
    clients: { a: outside },
    others: { one: does('join'), another: does('joinSince') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'a client leaves while one publishes': {
    ...log,
    clients: { a: inside },
    others: { one: does('publish', 'publish'), another: does('unsubscribe') },
    largerBudget: { crashes: 1 },
  },
  'a client joins while another process takes it out': {
    ...log,
    large: true,
    clients: { a: inside },
    others: { one: does('joinSince'), another: does('unsubscribe') },
    budget: {},
    largerBudget: { crashes: 1, repeats: 1 },
  },
  'a client joins, and goes': {
    ...log,
    large: true,
    clients: { a: { ...outside, leaves: 'told or not' } },
    others: { one: does('joinSince', 'publish') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
  'the sweep forgets a channel that nobody has used for long, while one publishes': {
    ...log,
    clients: { a: inside },
    idleMilliseconds: 3 * 60 * 60_000,
    others: { one: does('publish'), sweep: does('sweepLogs') },
    budget: { crashes: 1 },
    largerBudget: { crashes: 1, repeats: 1 },
  },
  'the first one joins while the first line is published': {
    ...log,
    large: true,
    clients: { a: { connected: true } },
    others: { one: does('publish'), another: does('join') },
    budget: {},
    largerBudget: { crashes: 1 },
  },
};
