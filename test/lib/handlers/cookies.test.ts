import { cookieValue } from '../../../lib/handlers/cookies';
import { connectEvent } from '../../../lib/testing';

describe('cookieValue', () => {
  it.each([
    ['alone', { Cookie: 'sid=a' }, 'a'],
    ['among others', { Cookie: 'x=1; sid=a; y=2' }, 'a'],
    ['without blanks', { Cookie: 'x=1;sid=a;y=2' }, 'a'],
    ['under another case of the header', { cookie: 'sid=a' }, 'a'],
    ['in quotes', { Cookie: 'sid="a b"' }, 'a b'],
    ['with an equals sign in it', { Cookie: 'sid=a=b==' }, 'a=b=='],
    ['twice: the first, whose path is the longer one', { Cookie: 'sid=a; sid=b' }, 'a'],
    ['of a longer name', { Cookie: 'mysid=a; sid2=b' }, undefined],
    ['in another case of the name', { Cookie: 'SID=a' }, undefined],
    ['that is empty', { Cookie: 'sid=' }, undefined],
    ['that is empty in quotes', { Cookie: 'sid=""' }, undefined],
    ['without a value', { Cookie: 'sid; x=1' }, undefined],
    ['that is not there', {}, undefined],
  ])('reads a cookie %s', (_name, headers: Record<string, string>, value) => {
    expect(cookieValue(connectEvent({ headers }), 'sid')).toBe(value);
  });

  it('searches several Cookie headers in order', () => {
    const event = connectEvent({ headers: { Cookie: 'sid=b' } });
    event.multiValueHeaders.Cookie = ['x=1', 'sid=a', 'sid=b'];
    expect(cookieValue(event, 'sid')).toBe('a');
  });
});
