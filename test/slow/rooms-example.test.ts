import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKeySets } from '../../local/endpoint/key-sets';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { Issuer } from '../lib/identity/issuer';
import { synthesizedApp } from '../runtime/running-app';
import { ExampleProject } from './example-project';
import { Player } from './player';

jest.setTimeout(60_000);

const issuer = new Issuer('https://login.example.com');
const QUESTION = { text: '1 + 1?', choices: ['1', '2'] };
/** A minute of the schedule takes a second. */
const TIME_SCALE = 60;

describe('the quiz with rooms, on the local runtime', () => {
  let project: ExampleProject;
  let runtime: Runtime;

  beforeAll(async () => {
    project = ExampleProject.of('rooms');
    const keys = join(project.directory, 'jwks.json');
    writeFileSync(keys, issuer.keySet());
    process.env.OPEN_HOSTS = '1';
    const app = await synthesizedApp(project.directory);
    runtime = await startRuntime({
      ...{ app, port: 0, log: silentLog, functionLog: silentFunctionLog, timeScale: TIME_SCALE },
      keySets: readKeySets([`${issuer.url}/.well-known/jwks.json=${keys}`]),
    });
  });
  afterAll(async () => {
    delete process.env.OPEN_HOSTS;
    await runtime?.close();
    project?.remove();
  });

  const connect = (sub: string, claims: object = {}) =>
    Player.connect(runtime.webSocketUrl('quiz'), [
      'bearer',
      issuer.token({ sub, name: sub.toUpperCase(), aud: 'quiz', ...claims }),
    ]);
  const enter = async (sub: string, room: string, since?: object) => {
    const player = await connect(sub);
    player.send({ type: 'join', room, ...(since && { since }) });
    await player.until(({ present }) => present.includes(sub));
    return player;
  };
  const ask = async (room: string, question: unknown) => {
    const [http] = runtime.httpApis;
    const url = runtime.httpUrl(http?.apiId ?? '', '$default');
    const { status } = await fetch(`${url}/rooms/${room}/questions`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(question),
    });
    return status;
  };

  it('plays a round: a host asks over HTTP, and everyone receives question and answers in the same order', async () => {
    const [ada, bob] = [await enter('ada', 'math'), await enter('bob', 'math')];
    await ada.until(({ present }) => present.join() === 'ada,bob');
    expect(await ask('math', QUESTION)).toBe(202);
    for (const player of [ada, bob]) await player.until(({ lines }) => lines.length === 1);
    ada.send({ type: 'answer', room: 'math', choice: 1 });
    bob.send({ type: 'answer', room: 'math', choice: 0 });
    for (const player of [ada, bob]) await player.until(({ lines }) => lines.length === 3);
    expect(ada.lines).toEqual(bob.lines);
    expect(ada.lines[0]).toEqual({ question: QUESTION });
    expect(ada.lines).toEqual(
      expect.arrayContaining([
        { answer: 1, by: 'ada' },
        { answer: 0, by: 'bob' },
      ]),
    );
    await bob.close();
    await ada.until(({ present }) => present.join() === 'ada');
    await ada.close();
  });

  it('sends a reconnecting player what was said in the meantime', async () => {
    const ada = await enter('ada', 'history');
    await ask('history', QUESTION);
    await ada.until(({ lines }) => lines.length === 1);
    const since = ada.position;
    await ada.close();
    for (const text of ['2 + 2?', '3 + 3?']) await ask('history', { ...QUESTION, text });
    const back = await enter('ada', 'history', since);
    await back.until(({ lines }) => lines.length === 2);
    expect(back.told).toContainEqual(expect.objectContaining({ recovered: true }));
    expect(back.lines).toMatchObject([{ question: { text: '2 + 2?' } }, { question: { text: '3 + 3?' } }]);
    await back.close();
  });

  it('asks the lobby on a schedule, and reports how it has answered', async () => {
    const [ada, bob] = [await enter('ada', 'lobby'), await enter('bob', 'lobby')];
    await ada.until(({ lines }) => lines.some((line) => line.question));
    // The lobby may be asked again in the meantime. Each answer counts for each question.
    const answering = [ada, bob].map(async (player) => {
      let answered = 0;
      await player.until(({ lines }) => {
        const questions = lines.filter((line) => line.question).length;
        if (questions > answered) player.send({ type: 'answer', room: 'lobby', choice: 0 });
        answered = questions;
        return lines.some(({ result }) => (result as number[] | undefined)?.[0] === 2);
      });
    });
    await Promise.all(answering);
    await Promise.all([ada.close(), bob.close()]);
  });

  it('refuses an answer from outside the room, an invalid answer, and a client without a token', async () => {
    const eve = await connect('eve');
    eve.send({ type: 'answer', room: 'math', choice: 1 });
    eve.send({ type: 'answer', room: 'math', choice: 'two' });
    await eve.until(({ told }) => told.length === 2);
    expect(eve.told.map(({ code }) => code).sort()).toEqual(['InvalidMessage', 'NotInRoom']);
    await eve.close();
    await expect(connect('eve', { aud: 'another' })).rejects.toThrow('401');
    await expect(connect('eve', { exp: 1 })).rejects.toThrow('401');
  });

  it('responds to a host with an invalid question with 400', async () => {
    expect(await ask('math', { text: 'without choices' })).toBe(400);
  });

  it('has as many lines as the page on rooms says', () => {
    const files = ['app.ts', 'host/handlers.ts', 'host/host.ts', 'quiz/handlers.ts', 'quiz/server.ts'];
    const isCode = (line: string) => !/^\s*($|\/\/|\/\*|\*)/.test(line);
    const lines = files.flatMap((file) => readFileSync(join(project.directory, file), 'utf8').split('\n'));
    const page = readFileSync(join(__dirname, '../../docs/rooms.md'), 'utf8');
    expect(`| server and infrastructure | ${lines.filter(isCode).length} lines |`).toBe(
      /\| server and infrastructure \| \d+ lines \|/.exec(page)?.[0],
    );
  });
});
