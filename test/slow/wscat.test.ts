import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(60_000);

const WSCAT = join(__dirname, '../../node_modules/.bin/wscat');

/** A person at a terminal. */
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

  leave(): void {
    this.#process.kill('SIGINT');
  }
}

describe('two people with wscat', () => {
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
        /\{"Type":"Chat","Message":"aGVsbG8=","Author":"Ada","Sent":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"\}/,
      );
    }
    ada.leave();
    await bob.shows(/"Users":\[\],"Revision":2/);
    bob.leave();
  });
});
