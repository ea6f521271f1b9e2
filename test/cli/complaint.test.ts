import { complaint } from '../../cli/complaint';
import { WebSocketClosedError } from '../../lib/errors';
import { UserError } from '../../local/user-error';

describe('complaint', () => {
  it('keeps the lines of an error that lists several things', () => {
    const error = new UserError('No part of this app can run:\n  one\n  two');
    expect(complaint(error)).toBe('No part of this app can run:\n  one\n  two');
  });

  it('escapes characters in such an error that would move the cursor', () => {
    expect(complaint(new UserError('a\u001b[2Jb'))).toBe('a\\u001b[2Jb');
  });

  it("reports a connection's reply in one line", () => {
    expect(complaint(new WebSocketClosedError('a\nfaked line'))).toContain(
      'WebSocket a\\nfaked line is closed',
    );
  });
});
