import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type FunctionConfiguration, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import { Issuer } from '../lib/identity/issuer';
import { DeployedRole } from './deployed-role';
import { assemblyDirectory, deployAssembly } from './deployment';
import { ExampleProject } from './example-project';
import { MANAGE_CONNECTIONS } from './grants';
import { Ministack } from './ministack';
import { Player } from './player';
import { expectToNeed } from './scenarios';

jest.setTimeout(60_000);

const STACK = 'Quiz';
const QUESTION = { text: '1 + 1?', choices: ['1', '2'] };
const HANDLERS = { routes: 'index.routes', server: 'index.server', host: 'index.askByHttp' };
type Place = keyof typeof HANDLERS;

const issuer = new Issuer('https://login.example.com');

describe('the quiz with rooms, deployed to an AWS that enforces IAM', () => {
  let ministack: Ministack;
  let project: ExampleProject;
  let keys: Server;
  let outputs: Record<string, string>;
  const roles = new Map<Place, DeployedRole>();
  const players: Player[] = [];
  let rooms = 0;

  beforeAll(async () => {
    project = ExampleProject.of('rooms');
    keys = createServer((_request, response) => response.end(issuer.keySet())).listen(0, '127.0.0.1');
    await once(keys, 'listening');
    ministack = await Ministack.start();
    process.env.OPEN_HOSTS = '1';
    const source = findApp(project.directory, project.directory);
    if (source.kind !== 'command') throw new Error('cdk.json names no command');
    await synthesize({ ...source.synthesis, outputDirectory: assemblyDirectory(ministack) });
    const template = join(assemblyDirectory(ministack), `${STACK}.template.json`);
    // Where the functions find the keys of a made-up issuer. ministack replaces https by http on this machine.
    const url = `https://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks.json`;
    const withKeys = readFileSync(template, 'utf8').replaceAll(
      '"JWT_ISSUER"',
      `"JWT_JWKS_URL": "${url}", $&`,
    );
    writeFileSync(template, withKeys);
    outputs = (await deployAssembly(ministack))[STACK] ?? {};
    for (const [place, handler] of Object.entries(HANDLERS) as [Place, string][]) {
      roles.set(place, await DeployedRole.open(ministack, await roleNameOf(handler)));
    }
  }, 120_000);
  afterEach(async () => {
    await Promise.all(players.splice(0).map((player) => player.close()));
  });
  afterAll(async () => {
    delete process.env.OPEN_HOSTS;
    for (const role of roles.values()) role.close();
    await ministack?.stop();
    keys?.close();
    project?.remove();
  });

  async function roleNameOf(handler: string): Promise<string> {
    const client = new LambdaClient(ministack.client);
    const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
    client.destroy();
    const isIt = ({ Handler, FunctionName }: FunctionConfiguration) =>
      Handler === handler && FunctionName?.startsWith(`${STACK}-`);
    return Functions.find(isIt)?.Role?.split('/').at(-1) as string;
  }

  const output = (name: RegExp) =>
    new URL(Object.entries(outputs).find(([key]) => name.test(key))?.[1] ?? '');
  const connect = async (sub: string) => {
    const { host, pathname } = output(/Url/);
    const token = issuer.token({ sub, name: sub, aud: 'quiz' });
    // ministack returns no subprotocol, so the client may request one only by the header.
    const player = await Player.connect(`ws://127.0.0.1:${ministack.port}${pathname}`, [], {
      headers: { Host: host, 'Sec-WebSocket-Protocol': `bearer, ${token}` },
    });
    players.push(player);
    return player;
  };
  const enter = async (room: string, sub = 'ada') => {
    const player = await connect(sub);
    player.send({ type: 'join', room });
    await player.until(({ present, told }) => present.includes(sub) && told.some(({ epoch }) => epoch));
    return player;
  };
  const newRoom = () => `room-${++rooms}`;
  const ask = async (room: string): Promise<number | undefined> => {
    const posting = request({
      ...{ host: '127.0.0.1', port: ministack.port, method: 'POST', path: `/rooms/${room}/questions` },
      headers: { Host: output(/HttpUrl/).host, 'content-type': 'application/json' },
    });
    posting.end(JSON.stringify(QUESTION));
    const [response] = (await once(posting, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };

  const enters = () => enter(newRoom());
  const isAsked = async () => {
    const room = newRoom();
    const ada = await enter(room);
    if ((await ask(room)) !== 202) throw new Error('The host was refused.');
    await ada.until(({ lines }) => lines.length === 1);
  };
  const answers = async () => {
    const room = newRoom();
    const ada = await enter(room);
    ada.send({ type: 'answer', room, choice: 1 });
    await ada.until(({ lines }) => lines.length === 1);
  };
  const leaves = async () => {
    const room = newRoom();
    const [ada, bob] = [await enter(room), await enter(room, 'bob')];
    bob.send({ type: 'leave', room });
    await ada.until(({ present, told }) => present.join() === 'ada' && told.length > 2);
  };
  const isRefused = async () => {
    const eve = await connect('eve');
    eve.send({ type: 'answer', room: newRoom(), choice: 1 });
    await eve.until(({ told }) => told.some(({ code }) => code === 'NotInRoom'));
  };

  it('plays a round: a host asks over HTTP, and everyone receives question and answers in the same order', async () => {
    const room = newRoom();
    const [ada, bob] = [await enter(room), await enter(room, 'bob')];
    expect(await ask(room)).toBe(202);
    for (const player of [ada, bob]) await player.until(({ lines }) => lines.length === 1);
    ada.send({ type: 'answer', room, choice: 1 });
    bob.send({ type: 'answer', room, choice: 0 });
    for (const player of [ada, bob]) await player.until(({ lines }) => lines.length === 3);
    expect(ada.lines).toEqual(bob.lines);
    expect(ada.lines[0]).toEqual({ question: QUESTION });
    await ada.until(({ present }) => present.join() === 'ada,bob');
  });

  it.each<[Place, string, string, () => Promise<unknown>]>([
    ['routes', 'dynamodb:GetItem', 'let a player in', enters],
    ['routes', 'dynamodb:PutItem', 'note who is in a room', enters],
    ['routes', 'dynamodb:UpdateItem', 'number an answer', answers],
    ['routes', 'dynamodb:Query', 'know the rooms of a player', enters],
    ['routes', 'dynamodb:DeleteItem', 'let a player out', leaves],
    ['routes', 'lambda:InvokeFunction', 'have the room told who is there', enters],
    ['routes', `${MANAGE_CONNECTIONS} POST`, 'refuse an answer', isRefused],
    ['server', 'dynamodb:GetItem', 'know the revision of who is there', enters],
    ['server', 'dynamodb:PutItem', 'look after a room', enters],
    ['server', 'dynamodb:UpdateItem', 'be the one who tells who is there', enters],
    ['server', 'dynamodb:Query', 'know who is there', enters],
    ['server', `${MANAGE_CONNECTIONS} POST`, 'tell who is there', enters],
    ['host', 'dynamodb:UpdateItem', 'number a question', isAsked],
    ['host', 'dynamodb:PutItem', 'store a question', isAsked],
  ])('allows its %s function, only with %s, %s', async (place, grant, to, attempt) => {
    const role = roles.get(place) as DeployedRole;
    await expectToNeed({ grant, to, attempt }, undefined, role, ministack.calls);
  });

  it.each([`${MANAGE_CONNECTIONS} POST`, 'dynamodb:Query'])(
    'has the service post the question of a host without %s, and disconnects nobody',
    async (grant) => {
      await roles.get('host')?.lacking(grant, isAsked);
      expect(players.map(({ isOpen }) => isOpen)).toEqual([true]);
    },
  );
});
