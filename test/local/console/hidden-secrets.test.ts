import { beginningOf, withoutSecrets, withoutSecretValues } from '../../../local/console/hidden-secrets';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

describe('withoutSecrets', () => {
  it.each([
    ['a JWT', `hello ${JWT} there`, 'hello (JWT) there'],
    ['a JWT that is cut off', `hello ${JWT.slice(0, 40)}`, 'hello (JWT)'],
    ['a password in JSON', '{"user":"ada","password":"x y"}', '{"user":"ada","password":"(hidden)"}'],
    ['one that is cut off', '{"user":"ada","Password": "x y', '{"user":"ada","Password": "(hidden)'],
    [
      'JSON in JSON',
      String.raw`{"body":"{\"token\":\"abc\"}"}`,
      String.raw`{"body":"{\"token\":\"(hidden)\"}"}`,
    ],
    ['a query', '/chat?name=ada&access_token=abc&x=1', '/chat?name=ada&access_token=(hidden)&x=1'],
    ['a presigned URL', '/?X-Amz-Signature=abc&X-Amz-Date=1', '/?X-Amz-Signature=(hidden)&X-Amz-Date=1'],
    ['a header', 'Authorization: Digest abc, def', 'Authorization: (hidden)'],
    ['a bearer token', 'got Bearer abcdefghij.k', 'got Bearer (hidden)'],
    ['an AWS key in JSON', '{"AWS_SECRET_ACCESS_KEY":"abc"}', '{"AWS_SECRET_ACCESS_KEY":"(hidden)"}'],
  ])('hides %s', (_, text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  it.each([
    'The token bucket is empty: 10 a second.',
    '{"text":"the password is in the safe","tokens":3}',
    'key = 5',
  ])('does not change %j', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it('takes no longer for hostile text', () => {
    const begun = performance.now();
    for (const text of [
      'token'.repeat(400),
      '"'.repeat(2_000),
      '\\'.repeat(2_000),
      `ey${'A-'.repeat(999)}`,
    ]) {
      for (let round = 0; round < 100; round += 1) withoutSecrets(text);
    }
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('withoutSecretValues', () => {
  it('hides values by their names, and tokens in other values', () => {
    expect(withoutSecretValues({ principalId: 'ada', idToken: 'x', claim: JWT, age: 5 })).toEqual({
      ...{ principalId: 'ada', idToken: '(hidden)', claim: '(JWT)', age: '5' },
    });
  });
});

describe('beginningOf', () => {
  it('marks a long text that it has truncated', () => {
    expect(beginningOf('x'.repeat(1_000))).toBe(`${'x'.repeat(400)}…`);
  });

  it('cuts bytes between characters', () => {
    expect(beginningOf(Buffer.from(`x${'é'.repeat(300)}`))).toBe(`x${'é'.repeat(199)}…`);
  });
});
