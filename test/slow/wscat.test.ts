import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(180_000);

const WSCAT = join(__dirname, '../../node_modules/.bin/wscat');

/** A user at a terminal. */
class Wscat {
  output = '';
  readonly #process: ChildProcess;
  #printed: () => void = () => {};

  constructor(url: string) {
    this.#process = spawn(WSCAT, ['-c', url, '--no-color'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const print = (chunk: Buffer) => {
      this.output += chunk;
      this.#printed();
    };
    this.#process.stdout?.on('data', print);
    this.#process.stderr?.on('data', print);
  }

  type(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      await new Promise<void>((resolve) => {
        this.#printed = resolve;
      });
    }
  }

  async ends(): Promise<void> {
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
  }

  leave(): void {
    this.#process.kill('SIGINT');
  }
}

describe('two users with wscat', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  it('talk to each other', async () => {
    const url = app.runtime.webSocketUrl('chat');
    const [ada, bob] = [new Wscat(url), new Wscat(url)];
    for (const person of [ada, bob]) await person.shows(/"Type":"Status",.*"WSID":"[\w-]+="/);
    ada.type('{"User":"Ada"}');
    for (const person of [ada, bob]) await person.shows(/\{"Type":"userlist","Users":\[\{"User":"Ada"\}\],/);
    ada.type('{"Message":"aGVsbG8=","Author":"Ada"}');
    for (const person of [ada, bob]) {
      await person.shows(
        /\{"Type":"Chat","Message":"aGVsbG8=","Author":"Ada","Sent":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d","Id":"[\w-]+\.1"\}/,
      );
    }
    ada.leave();
    await bob.shows(/"Users":\[\],"Revision":2/);
    bob.leave();
  });
});

describe('a user with wscat at the echo server', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  it('receives a line again, then a message about the silence every ten seconds, and is disconnected by "exit"', async () => {
    const ada = new Wscat(app.runtime.webSocketUrl('echo'));
    await app.until(async () => (await app.rows('CHANNEL#echo#*', 'MEMBER#')).length === 1);
    ada.type('hello');
    await ada.shows(/hello\n/);
    const silentSince = Date.now();
    await ada.shows(/Server timed-out at [^\n]+Z\nServer timed-out at [^\n]+Z\n/);
    const seconds = (Date.now() - silentSince) / 1_000;
    expect(seconds).toBeGreaterThan(19);
    ada.type('exit');
    // It ends when the server has closed.
    await ada.ends();
    await app.until(async () => (await app.rows('CHANNEL#echo#*', 'MEMBER#')).length === 0);
  });
});
