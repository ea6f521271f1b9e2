import { complaint } from '../../cli/complaint';
import { WebSocketClosedError } from '../../lib/errors';
import { UserError } from '../../local/user-error';

describe('complaint', () => {
  it('keeps the lines of an error that lists several things', () => {
    const error = new UserError('No part of this app can run:\n  one\n  two');
    expect(complaint(error)).toBe('No part of this app can run:\n  one\n  two');
  });

  it('escapes what would move the cursor in such an error', () => {
    expect(complaint(new UserError('a\u001b[2Jb'))).toBe('a\\u001b[2Jb');
  });

  it('says in one line what a connection replied', () => {
    expect(complaint(new WebSocketClosedError('a\nfaked line'))).toContain(
      'WebSocket a\\nfaked line is closed',
    );
  });
});
