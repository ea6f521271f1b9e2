import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialsVerifier, verifierFromEnvironment } from '../../../functions/notifications/credentials';
import { PasswordHash } from '../../../functions/notifications/password-hash';
import { ConfigurationError } from '../../../lib';
import { ManualClock } from '../../../lib/testing';

/** The hash of the password `right`. */
let ada: string;
beforeAll(async () => {
  ada = String(await PasswordHash.of('right'));
});

const holding = (credentials: unknown) => async () =>
  typeof credentials === 'string' ? credentials : JSON.stringify(credentials);

describe('CredentialsVerifier', () => {
  it('accepts a user’s own password, and no other', async () => {
    const verifier = new CredentialsVerifier(
      'file',
      holding({ ada, bob: String(await PasswordHash.of('b')) }),
    );
    expect(await verifier.verify('ada', 'right')).toBe(true);
    for (const [user, password] of [
      ['ada', 'wrong'],
      ['ada', ''],
      ['ada', 'b'],
      ['Ada', 'right'],
      ['eve', 'right'],
      ['__proto__', 'right'],
      ['constructor', ''],
    ] as const) {
      expect(await verifier.verify(user, password)).toBe(false);
    }
  });

  it('takes the same time for any user, existing or not, in each environment', async () => {
    const matches = jest.spyOn(PasswordHash.prototype, 'matches').mockResolvedValue(false);
    const [dear, cheap] = [ada.replace('16384', '32768'), ada.replace('16384', '1024')];
    const costs = [];
    for (let environment = 0; environment < 5; environment++) {
      const verifier = new CredentialsVerifier('file', holding({ ada, bob: dear, carol: cheap, dora: dear }));
      for (const name of ['ada', 'bob', 'carol', 'dora', 'eve', 'nobody', '']) {
        matches.mockClear();
        await verifier.verify(name, 'wrong');
        costs.push(matches.mock.contexts.map((hash) => String(hash).split('$').slice(1, 4).join()));
      }
    }
    expect(new Set(costs.map((each) => each.join(' ')))).toEqual(new Set(['16384,8,5 32768,8,5 1024,8,5']));
    matches.mockRestore();
  });

  it('accepts each user’s own password if the costs differ', async () => {
    const bob = String(await PasswordHash.of('b'));
    const cheap = `scrypt$2$1$1$${'s'.repeat(22)}$${'h'.repeat(43)}`;
    const verifier = new CredentialsVerifier('file', holding({ carol: cheap, ada, bob }));
    expect(await verifier.verify('bob', 'b')).toBe(true);
    expect(await verifier.verify('carol', 'b')).toBe(false);
    expect(await verifier.verify('eve', 'b')).toBe(false);
  });

  it('checks the password of an unknown user against a hash of the same cost', async () => {
    const checked = jest.spyOn(PasswordHash.prototype, 'matches');
    const verifier = new CredentialsVerifier('file', holding({ ada }));
    await verifier.verify('ada', 'wrong');
    await verifier.verify('eve', 'wrong');
    const costs = checked.mock.contexts.map((hash) => String(hash).split('$').slice(0, 4).join('$'));
    expect(costs).toEqual(['scrypt$16384$8$5', 'scrypt$16384$8$5']);
    checked.mockRestore();
  });

  it('reads the credentials again after five minutes, or after a failed read', async () => {
    const clock = new ManualClock();
    const contents = [new Error('not there'), JSON.stringify({ ada }), '{}'];
    const read = jest.fn(async () => {
      const next = contents.shift();
      if (typeof next !== 'string') throw next;
      return next;
    });
    const verifier = new CredentialsVerifier('file', read, clock);
    await expect(verifier.verify('ada', 'right')).rejects.toThrow('not there');
    expect(await verifier.verify('ada', 'right')).toBe(true);
    expect(await verifier.verify('ada', 'right')).toBe(true);
    expect(read).toHaveBeenCalledTimes(2);
    await clock.advance(5 * 60_000);
    expect(await verifier.verify('ada', 'right')).toBe(false);
  });

  it('reports which secret cannot be read, why, and what to do', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:users-AbCdEf';
    const read = async () => {
      throw Object.assign(new Error('There is none.'), { name: 'ResourceNotFoundException' });
    };
    const verifying = new CredentialsVerifier(arn, read).verify('ada', 'x');
    await expect(verifying).rejects.toThrow(ConfigurationError);
    await expect(verifying).rejects.toThrow(
      `CREDENTIALS ${arn} cannot be read (ResourceNotFoundException: There is none.), so nobody can sign in. Set it to a secret of this account and region, or on your own machine to a file, and allow the routes function secretsmanager:GetSecretValue on the secret. Deploying with --context credentials=ARN does both.`,
    );
  });

  it.each([
    ['no JSON', 'secret', /CREDENTIALS file must contain .*it is not JSON.*hash-password/],
    ['a list', '["secret"]', /it is not an object/],
    ['a password', { secretive: 'secret' }, /entry 1 of 1 is not such a hash/],
    [
      'a cost that is no power of two',
      { ada: `scrypt$16000$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}` },
      /is not such a hash/,
    ],
    [
      'too great a cost',
      { ada: `scrypt$1048576$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}` },
      /is not such a hash/,
    ],
    ['too short a salt', { ada: `scrypt$16384$8$1$abc$${'h'.repeat(43)}` }, /is not such a hash/],
  ])('refuses %s, without revealing the content', async (_name, content, message) => {
    const verifying = new CredentialsVerifier('file', holding(content)).verify('ada', 'x');
    await expect(verifying).rejects.toThrow(message);
    await expect(verifying).rejects.not.toThrow(/secret|ssss|hhhh/);
  });
});

describe('verifierFromEnvironment', () => {
  it('reads a file, and verifies nothing if there is none', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'credentials-'));
    const file = join(directory, 'credentials.json');
    writeFileSync(file, JSON.stringify({ ada }));
    expect(await verifierFromEnvironment({ CREDENTIALS: file })?.verify('ada', 'right')).toBe(true);
    expect(verifierFromEnvironment({})).toBeUndefined();
    await expect(verifierFromEnvironment({ CREDENTIALS: directory })?.verify('ada', 'right')).rejects.toThrow(
      /CREDENTIALS .*credentials-\w+ cannot be read \(Error: EISDIR.*Set it to an existing file/,
    );
    rmSync(directory, { recursive: true });
  });
});
