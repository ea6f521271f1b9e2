import type { Member } from '../../../lib/connections/connection-items';
import { fingerprintOf } from '../../../lib/messages/fingerprint';
import { channelForm } from '../../../lib/presence/presence-form';
import { presenceFrames } from '../../../lib/presence/presence-frames';

describe('the fingerprint of a JSON value', () => {
  it('does not depend on the order of names, at any depth', () => {
    expect(fingerprintOf([{ a: 1, b: { c: [2], d: null } }])).toBe(
      fingerprintOf([{ b: { d: null, c: [2] }, a: 1 }]),
    );
  });

  it.each([
    ['the order of a list', [1, 2], [2, 1]],
    ['a text from a number', 1, '1'],
    ['a list from an object', ['a'], { 0: 'a' }],
    ['a member from its absence', { a: null }, {}],
    ['where one text ends and the next begins', ['ab', 'c'], ['a', 'bc']],
  ])('distinguishes %s', (_what, one, other) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(other));
  });

  it('does not change when the table returns the info about a user in another order', () => {
    const hashOfList = (info: Member['info']) => {
      const member = { webSocketId: 'a', user: 'ada', info, acceptedAt: 0 } as Member;
      const round = { members: [member], changes: undefined, revision: 1, since: 0 };
      return presenceFrames(channelForm('room/1', 'lists'), round).entriesHash;
    };
    expect(hashOfList({ name: 'Ada', age: 36 })).toBe(hashOfList({ age: 36, name: 'Ada' }));
  });
});
