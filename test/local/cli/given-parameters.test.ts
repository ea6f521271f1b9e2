import { readContext, readParameters } from '../../../local/cli/given-parameters';

describe('readParameters', () => {
  it('accepts names with slashes, dots and colons, and values with equals signs and line breaks', () => {
    expect(
      readParameters(['/chat/limit=5', 'Main/Db.Endpoint.Address=a=b', 'keys:api=x\ny', 'EMPTY=']),
    ).toEqual({
      '/chat/limit': '5',
      'Main/Db.Endpoint.Address': 'a=b',
      'keys:api': 'x\ny',
      EMPTY: '',
    });
  });

  it.each([
    ['no value', ['/chat/limit'], '--parameter /chat/limit must have the form NAME=VALUE'],
    ['no name', ['=5'], '--parameter =5 must have the form NAME=VALUE'],
    ['one name twice', ['a=1', 'a=2'], '--parameter a appears twice'],
  ])('refuses %s', (_, pairs, message) => {
    expect(() => readParameters(pairs)).toThrow(message);
  });
});

describe('readContext', () => {
  it('takes texts, as the command line of the CDK does', () => {
    expect(readContext(['stage=dev', '@aws-cdk/core:x=true', 'url=a=b'])).toEqual({
      stage: 'dev',
      '@aws-cdk/core:x': 'true',
      url: 'a=b',
    });
  });

  it('refuses a key without a value', () => {
    expect(() => readContext(['stage'])).toThrow('--context stage must have the form KEY=VALUE');
  });
});
