import { contextStrings, readPolicyResult } from '../../../local/authorizers/authorizer-result';

describe('The result of a Lambda authorizer', () => {
  it.each(['oops', '', '[]', '"text"'])('is faulty if it is not a JSON object: %j', (payload) => {
    expect(readPolicyResult(payload)).toMatch(/other than an object/);
  });

  it.each([
    [{ secret: { key: 's3cret' } }, 'an object for secret'],
    [{ secret: ['s3cret'] }, 'an array for secret'],
    [{ secret: null }, 'null for secret'],
  ])('names the type of a faulty context value, not the value: %j', (context, fault) => {
    expect(contextStrings(context)).toContain(fault);
    expect(contextStrings(context)).not.toContain('s3cret');
  });
});
