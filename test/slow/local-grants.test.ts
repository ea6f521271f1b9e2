/** The chat on the local runtime with one grant removed: what needs it fails as on AWS, and the log names the grant. */
import type { LambdaFunction } from '../../local/assembly/model';
import { ChatClient } from '../runtime/chat-client';
import { grantsOf, lacking } from '../runtime/grants';
import { type RunningApp, startApp } from '../runtime/running-app';
import { MANAGE_CONNECTIONS } from './grants';

jest.setTimeout(60_000);

const POST = `${MANAGE_CONNECTIONS} POST`;
const GET = `${MANAGE_CONNECTIONS} GET`;
const ITEMS = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'].map((name) => `dynamodb:${name}`);

/**
 * The grants for a client that connects, sets a name, sends a line and leaves. The others are for sweeps and lost
 * departures.
 */
const NEEDED: [place: 'Routes' | 'Server', grant: string][] = [
  ...[...ITEMS, 'lambda:InvokeFunction', POST].map((grant): ['Routes', string] => ['Routes', grant]),
  ...['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:Query', POST, GET].map(
    (grant): ['Server', string] => ['Server', grant],
  ),
];

describe('the chat on the local runtime', () => {
  let app: RunningApp;
  let visitors = 0;
  let heard: (line: string) => void = () => {};

  beforeAll(async () => {
    app = await startApp({ log: { info() {}, error() {}, warn: (line) => heard(line) } });
  });
  afterEach(async () => {
    heard = () => {};
    await app.runtime.update(app.app);
  });
  afterAll(() => app.stop());

  /** Everything that a visitor does, until `isOver`. */
  async function visit(isOver: Promise<unknown>): Promise<void> {
    visitors += 1;
    const User = `Visitor${visitors}`;
    const ada = await ChatClient.connect(app.runtime.webSocketUrl('chat'));
    const step = (expected: Promise<unknown>) => Promise.race([isOver, expected]);
    await step(ada.hears('Status'));
    ada.send({ User });
    await step(ada.until(() => ada.users?.includes(User) === true));
    ada.send({ Message: 'aGVsbG8=', Author: User });
    await step(ada.hears('Chat', ({ Author }) => Author === User));
    await ada.close();
  }

  function functionOf(place: string): LambdaFunction {
    const found = app.functions.find(({ path }) => path.includes(`/Chat/Functions/${place}/`));
    if (!found) throw new Error(`The chat has no function ${place}.`);
    return found;
  }

  it('has exactly the grants that it needs', async () => {
    const lines: string[] = [];
    heard = (line) => lines.push(line);
    await visit(new Promise(() => {}));
    expect(lines.filter((line) => line.includes(' has no permission for '))).toEqual([]);
  });

  it.each(NEEDED)(
    'has its function %s fail without %s, with a line that names the grant',
    async (place, grant) => {
      const lambdaFunction = functionOf(place);
      const [action = '', method] = grant.split(' ');
      const taken = grantsOf(app.app, lambdaFunction).filter(
        (one) =>
          one.action === action &&
          (method === undefined || one.resource.includes(`/${method}/@connections/`)),
      );
      const denied = new Promise<string>((resolve) => {
        heard = (line) => {
          if (line.includes(`Chat/Functions/${place} has no permission for ${action} on `)) resolve(line);
        };
      });
      const without = taken.reduce((rest, one) => lacking(rest, lambdaFunction, one), app.app);
      await app.runtime.update(without);
      // A refused client has also noticed the failure.
      await visit(denied).catch(() => undefined);
      expect(await denied).toMatch(/In the CDK app, this allows it: (table|other|stage)\.grant\w+\(fn\)/);
    },
  );
});
