import { join } from 'node:path';
import { LINES } from '../../functions/chat/room';
import { ChatClient } from '../runtime/chat-client';
import { SocketClient } from '../runtime/socket-client';
import { DeployedChat } from './deployed-chat';
import { DeployedRole } from './deployed-role';
import { Deployment, type Place } from './deployment';
import { MANAGE_CONNECTIONS } from './grants';
import { Ministack } from './ministack';
import { expectToNeed, type Scenario, scenarios } from './scenarios';

jest.setTimeout(60_000);

const PLACES: Place[] = ['Chat routes', 'Chat server'];
const SAMPLE = join(__dirname, '../functions/ingest/hl7/messages/adt-a01.hl7');

/**
 * One for each grant in the template. The chat itself reads connections only in its server function, and closes none.
 * But any server class and any process may do so with the same grants, so here a process with a function's grants
 * does it.
 */
const SCENARIOS: Scenario<DeployedChat>[] = [
  ...scenarios<DeployedChat>('Chat routes', {
    'dynamodb:GetItem': ["know a line's author", (chat) => chat.adaSays()],
    'dynamodb:PutItem': ['note a newcomer', (chat) => chat.newcomer()],
    'dynamodb:UpdateItem': ['give a name', (chat) => chat.adaRenames()],
    'dynamodb:DeleteItem': ['forget one who has left', (chat) => chat.visit()],
    'dynamodb:Query': ['know who is told a new name', (chat) => chat.adaRenames()],
    'lambda:InvokeFunction': ['welcome a newcomer', (chat) => chat.newcomer()],
    [`${MANAGE_CONNECTIONS} POST`]: ['tell everyone a new name', (chat) => chat.adaRenames()],
    [`${MANAGE_CONNECTIONS} GET`]: ['look at a connection', (chat, role) => chat.anotherProcess(role)],
    [`${MANAGE_CONNECTIONS} DELETE`]: ['close a connection', (chat, role) => chat.anotherProcess(role)],
  }),
  ...scenarios<DeployedChat>('Chat server', {
    'dynamodb:GetItem': ["know a list's revision", (chat) => chat.newcomer()],
    'dynamodb:PutItem': ['note how far a sweep has come', (chat) => chat.sweepInHaste()],
    'dynamodb:UpdateItem': ['begin with a newcomer', (chat) => chat.newcomer()],
    'dynamodb:DeleteItem': ['forget one who is found gone', (chat) => chat.lineMeetsGhost()],
    'dynamodb:Query': ['know who is on a list', (chat) => chat.newcomer()],
    'lambda:InvokeFunction': ['have one settled who is found gone', (chat) => chat.upkeepMeetsGhost()],
    [`${MANAGE_CONNECTIONS} POST`]: ['greet a newcomer', (chat) => chat.newcomer()],
    [`${MANAGE_CONNECTIONS} GET`]: ['see that a handshake has finished', (chat) => chat.newcomer()],
    [`${MANAGE_CONNECTIONS} DELETE`]: ['close a connection', (chat, role) => chat.anotherProcess(role)],
  }),
];

describe('the app deployed to an AWS that enforces IAM', () => {
  let ministack: Ministack;
  let deployment: Deployment;
  let roles: Map<Place, DeployedRole>;
  let chat: DeployedChat;

  beforeAll(async () => {
    ministack = await Ministack.start();
    deployment = await Deployment.to(ministack, { open: 'true' });
    roles = await DeployedRole.openAll(deployment, PLACES);
    chat = new DeployedChat(deployment);
  }, 120_000);

  afterEach(() => chat?.tidy());
  afterAll(async () => {
    for (const role of roles?.values() ?? []) role.close();
    await chat?.close();
    await ministack?.stop();
  });

  it('lets two users talk, and cleans up the one who leaves', async () => {
    const [ada, bob] = [await chat.newcomer(), await chat.newcomer()];
    const id = await ada.id();
    const both = async (hears: (client: ChatClient) => Promise<unknown>) =>
      Promise.all([ada, bob].map(hears));
    ada.send({ User: 'Ada' });
    await both((client) => client.until(() => client.users?.join() === 'Ada'));
    ada.send({ Message: 'aGVsbG8=', Author: 'Ada' });
    await both(async (client) =>
      expect(await client.hears('Chat')).toMatchObject({ Message: 'aGVsbG8=', Author: 'Ada' }),
    );
    expect(await chat.rows(id)).toMatchObject([
      { sk: `CHANNEL#${LINES}`, state: 'in' },
      { sk: 'CONNECTION', state: 'open' },
      { user: 'Ada' },
    ]);
    await chat.leave(ada);
    await bob.until(() => bob.users?.length === 0);
    await chat.settled(id);
    expect(await chat.rows(id)).toMatchObject([{ state: 'closed', done: true }]);
    await chat.leave(bob);
  });

  it("lets another process with a function's grants write to a connection by its id, and close it", async () => {
    const guest = await chat.anotherProcess(roles.get('Chat routes') as DeployedRole);
    expect(guest.frames.at(-1)).toEqual({ Type: 'Chat', Message: 'aGk=' });
  });

  it('echoes on a dedicated socket, which one invocation owns until it receives "exit"', async () => {
    const { url, headers } = deployment.address('Echo');
    const client = await SocketClient.connect(url, [], { headers });
    for (const line of ['hello', 'again']) {
      client.send(line);
      expect(await client.hears()).toBe(line);
    }
    const closed = client.closed();
    client.send('exit');
    await closed;
  });

  it('echoes on a shared socket, which keeps no invocation running', async () => {
    const { url, headers } = deployment.address('EchoShared');
    const client = await SocketClient.connect(url, [], { headers });
    client.send('hello');
    expect(await client.hears()).toBe('hello');
    const closed = client.closed();
    client.send('exit');
    await closed;
  });

  it('notifies everyone of a file that is put into the bucket, without its name', async () => {
    const { url, headers } = deployment.address('Notifications');
    const client = await ChatClient.connect(url, { headers });
    await client.hears('Subscriptions');
    await ministack.aws('s3', 'cp', SAMPLE, `s3://${deployment.incomingBucket}/`);
    expect(await client.hears('Notification')).toMatchObject({ Topic: 'adt', Event: 'A01', Source: null });
    await client.close();
  });

  it('can be managed with the command line: list, write, publish and sweep', async () => {
    const guest = await chat.newcomer();
    const id = await guest.id();
    const cli = (command: string, ...args: string[]) =>
      ministack.sharedConnection(command, '--stack', 'SharedConnection', ...args);
    expect(await cli('list', 'chat')).toContain(id);
    await cli('write', '--', id, '{"Type":"Chat","Message":"aGk="}');
    expect(await guest.hears('Chat')).toEqual({ Type: 'Chat', Message: 'aGk=' });
    expect(JSON.parse(await cli('publish', '--json', '--service', 'chat', 'news', '{}'))).toMatchObject({
      ...{ service: 'chat', sent: 0, failed: 0 },
    });
    expect(JSON.parse(await cli('sweep', '--json', 'chat'))).toMatchObject({
      service: 'chat',
      complete: true,
    });
    await chat.leave(guest);
  });

  it('has no changes when it is deployed again', async () => {
    expect(await deployment.again()).toContain('SharedConnection (no changes)');
  });

  it.each(PLACES)('grants the function %s nothing that no scenario needs', (place) => {
    const tried = SCENARIOS.filter((scenario) => scenario.function === place).map(({ grant }) => grant);
    expect(deployment.grants(place)).toEqual(tried.sort());
  });

  it.each(SCENARIOS)('lets the function $function $to only with $grant', async (scenario) => {
    const role = roles.get(scenario.function) as DeployedRole;
    await expectToNeed(scenario, chat, role, ministack.calls);
  });
});
