import { Secrets } from '../../../lib/realtime/secrets';
import { keysOfFunction } from '../../../lib/realtime/tokens';
import { ManualClock } from '../../../lib/testing';

describe('Secrets', () => {
  it('reads a secret once in five minutes', async () => {
    const clock = new ManualClock(0);
    let reads = 0;
    const secrets = new Secrets(async () => `value ${++reads}`, clock);
    expect([await secrets.text('a'), await secrets.text('a')]).toEqual(['value 1', 'value 1']);
    await clock.advance(300_000);
    expect(await secrets.text('a')).toBe('value 2');
  });

  it('names a secret that cannot be read, and retries', async () => {
    const answers = [Promise.reject(new Error('no permission')), Promise.resolve('value')];
    const secrets = new Secrets(() => answers.shift() as Promise<string>);
    await expect(secrets.text('arn:1')).rejects.toThrow(/The secret arn:1 cannot be read.*no permission/);
    expect(await secrets.text('arn:1')).toBe('value');
  });

  it('refuses an empty secret', async () => {
    await expect(new Secrets(async () => '').text('arn:1')).rejects.toThrow(/has no text/);
  });
});

describe('keysOfFunction', () => {
  const secrets = { text: async (arn: string) => `value of ${arn}` };

  it('reads the secrets that the environment names', async () => {
    const environment = { TOKEN_SECRET_ARN: 'a', TOKEN_PREVIOUS_SECRET_ARN: 'b', TOKEN_ISSUER: 'me' };
    expect(await keysOfFunction(environment, secrets)).toEqual({
      ...{ secret: 'value of a', previousSecret: 'value of b', issuer: 'me' },
    });
  });

  it('reads none if the environment names none', async () => {
    expect(await keysOfFunction({ TOKEN_SECRET: 'x' }, secrets)).toEqual({ secret: 'x' });
  });
});
