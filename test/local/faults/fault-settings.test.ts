import { readFaults } from '../../../local/faults/fault-settings';
import { UserError } from '../../../local/user-error';

describe('readFaults', () => {
  it('reads shares and seconds', () => {
    expect(readFaults(['lost-disconnect=0.5', 'late-disconnect=5', 'throttled=1', 'half-open=.25'])).toEqual({
      'lost-disconnect': 0.5,
      'late-disconnect': 5,
      throttled: 1,
      'half-open': 0.25,
    });
  });

  it.each([
    ['lost-disconect=0.5', 'there is no such fault'],
    ['toString=1', 'there is no such fault'],
    ['throttled=1.5', 'the value of throttled must be a share from 0 to 1, such as 0.1, not "1.5"'],
    ['throttled', 'the value of throttled must be a share from 0 to 1, such as 0.1, not ""'],
    ['answer-lost=-1', 'the value of answer-lost must be a share from 0 to 1, such as 0.1, not "-1"'],
    ['answer-lost=0x1', 'the value of answer-lost must be a share from 0 to 1, such as 0.1, not "0x1"'],
    [
      'late-disconnect=soon',
      'the value of late-disconnect must be seconds from 0 to 86400, such as 5, not "soon"',
    ],
  ])('refuses %s with the rule, the value and the available faults', (text, why) => {
    const read = () => readFaults([text]);
    expect(read).toThrow(UserError);
    expect(read).toThrow(
      `--fault ${text}: ${why}. The faults are lost-disconnect=SHARE, late-disconnect=SECONDS, half-open=SHARE, answer-lost=SHARE, throttled=SHARE, `,
    );
  });

  it('refuses a fault that is given twice', () => {
    expect(() => readFaults(['throttled=0.1', 'throttled=0.2'])).toThrow('throttled is given twice');
  });
});
