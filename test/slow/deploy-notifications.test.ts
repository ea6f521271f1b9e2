import { PasswordHash } from '../../functions/notifications/password-hash';
import { DeployedNotifications } from './deployed-notifications';
import { DeployedRole } from './deployed-role';
import { Deployment, type Place } from './deployment';
import { MANAGE_CONNECTIONS } from './grants';
import { Ministack } from './ministack';
import { expectToNeed, type Scenario, scenarios } from './scenarios';
import { UsersSecret } from './users-secret';

jest.setTimeout(60_000);

const PLACES: Place[] = ['Notifications routes', 'Incoming handler'];
const ADA = { User: 'ada', Password: 'Open, Sesame' };

interface Actors {
  notifications: DeployedNotifications;
  secret: UsersSecret;
}

/**
 * One for each grant of the function that receives the files, and for the one that the chat's functions do not have.
 */
const SCENARIOS: Scenario<Actors>[] = [
  ...scenarios<Actors>('Incoming handler', {
    's3:GetObjectVersion': ['read a file', ({ notifications }) => notifications.fileComes()],
    'dynamodb:PutItem': ['begin with a message', ({ notifications }) => notifications.fileComes()],
    'dynamodb:GetItem': [
      'know a message that was told already',
      ({ notifications }) => notifications.fileComesTwice(),
    ],
    'dynamodb:UpdateItem': ['note that a message was told', ({ notifications }) => notifications.fileComes()],
    'dynamodb:Query': ['know who is subscribed', ({ notifications }) => notifications.fileComes()],
    [`${MANAGE_CONNECTIONS} POST`]: ['tell a subscriber', ({ notifications }) => notifications.fileComes()],
    'lambda:InvokeFunction': [
      'have one settled who is found gone',
      ({ notifications }) => notifications.fileMeetsGhost(),
    ],
    'sqs:SendMessage': [
      'send away what failed for good',
      ({ notifications }, role) => notifications.sendDeadLetter(role),
    ],
  }),
  ...scenarios<Actors>('Notifications routes', {
    'secretsmanager:GetSecretValue': [
      'read the users',
      ({ notifications, secret }) => notifications.firstVerification(secret.arn),
    ],
  }),
];

const tried = (place: Place) =>
  SCENARIOS.filter((scenario) => scenario.function === place)
    .map(({ grant }) => grant)
    .sort();

describe('the notifications, deployed with a verifier to an AWS that enforces IAM,', () => {
  let ministack: Ministack;
  let deployment: Deployment;
  let roles: Map<Place, DeployedRole>;
  let users: string;
  let secret: UsersSecret;
  let notifications: DeployedNotifications;

  beforeAll(async () => {
    ministack = await Ministack.start();
    users = JSON.stringify({ [ADA.User]: String(await PasswordHash.of(ADA.Password)) });
    secret = await UsersSecret.create(ministack, 'users', users);
    deployment = await Deployment.to(ministack, { credentials: secret.arn });
    roles = await DeployedRole.openAll(deployment, PLACES);
    notifications = new DeployedNotifications(deployment, ADA);
  }, 120_000);

  afterEach(() => notifications?.tidy());
  afterAll(async () => {
    for (const role of roles?.values() ?? []) role.close();
    secret?.close();
    await notifications?.close();
    await ministack?.stop();
  });

  it('notify clients that have sent the right password of a file', async () => {
    await notifications.fileComes();
  });

  it('send nothing to a client with a wrong password, and close its connection at the deadline', async () => {
    const eve = await notifications.stranger();
    const turnedAway = notifications.turnedAway(eve);
    eve.send({ ...ADA, Password: 'wrong' });
    await eve.hears('Error');
    await notifications.fileComes();
    expect(await turnedAway).toMatchObject({ code: 1000 });
    expect(eve.frames).toMatchObject([
      { Type: 'Error', Message: expect.stringMatching(/2 of 3 attempts left/) },
      { Type: 'Error', Message: expect.stringMatching(/did not sign in within/) },
    ]);
  });

  it('grant the ingest function nothing that no scenario needs', () => {
    // Except for the rows of a split delivery, which is only used above 2,000 members.
    const ofSplitDeliveries = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];
    expect(deployment.grants('Incoming handler')).toEqual(
      [...tried('Incoming handler'), ...ofSplitDeliveries].sort(),
    );
  });

  it('grant their own functions what the chat grants, and the secret to the function that verifies', () => {
    const secrets = tried('Notifications routes');
    expect(deployment.grants('Notifications routes')).toEqual([
      ...deployment.grants('Chat routes'),
      ...secrets,
    ]);
    expect(deployment.grants('Notifications server')).toEqual(deployment.grants('Chat server'));
  });

  it.each(SCENARIOS)('let the function $function $to only with $grant', async (scenario) => {
    const role = roles.get(scenario.function) as DeployedRole;
    await expectToNeed(scenario, { notifications, secret }, role, ministack.calls);
  });

  /** The error of the function that verifies. ministack sends it to the client, where AWS only reports an error. */
  const complaint = async (source: string): Promise<string> => {
    await notifications.readUsersFrom(source);
    const ada = await notifications.stranger();
    ada.send(ADA);
    return String((await ada.hears('text')).text);
  };

  it('report which secret has other content, and what it should contain, but not its content', async () => {
    await secret.hold(JSON.stringify({ [ADA.User]: ADA.Password }));
    expect(await complaint(secret.arn)).toBe(
      `CREDENTIALS ${secret.arn} must contain JSON such as {"name":"scrypt$N$r$p$salt$hash"}, but entry 1 of 1 is not such a hash. Make a hash with functions/notifications/hash-password.ts.`,
    );
    await secret.hold(users);
  });

  it('report which secret they may not read: every one but their own', async () => {
    const other = await UsersSecret.create(ministack, 'others', users);
    const [what, remedy] = (await complaint(other.arn)).split('), so nobody can sign in. ');
    expect(what).toMatch(`CREDENTIALS ${other.arn} cannot be read (AccessDeniedException: User: `);
    expect(remedy).toMatch('allow the routes function secretsmanager:GetSecretValue on the secret');
    other.close();
  });

  // Must be last: afterwards, the verifier accepts nobody.
  it('report which secret is missing', async () => {
    await secret.delete();
    const [what, remedy] = (await complaint(secret.arn)).split('), so nobody can sign in. ');
    expect(what).toMatch(`CREDENTIALS ${secret.arn} cannot be read (ResourceNotFoundException: `);
    expect(remedy).toMatch(/^Set it to a secret of this account and region/);
  });
});
