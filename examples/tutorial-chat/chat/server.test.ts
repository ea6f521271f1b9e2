import { ManualClock, TestService } from 'shared-connection/testing';
import { ChatServer } from './server';

const MINUTE = 60_000;

describe('the ported ChatServer', () => {
  const setUp = async () => {
    const clock = new ManualClock();
    const service = new TestService(ChatServer, { clock });
    const ada = await service.connect();
    const bob = await service.connect();
    await clock.advance(3_000);
    return { clock, ada, bob };
  };

  it('tells a new client its id', async () => {
    const { ada } = await setUp();
    expect(ada.messages[0]).toMatchObject({ Type: 'Status', WSID: ada.webSocketId });
  });

  it('sends everyone each line, and the list of users', async () => {
    const { clock, ada, bob } = await setUp();
    await ada.send({ User: 'Ada' });
    await clock.advance(3_000);
    await ada.send({ Message: 'SGk=', Author: 'Ada' });
    await clock.advance(3_000);
    expect(bob.messages).toMatchObject([
      { Type: 'Status' },
      { Type: 'userlist', Users: [{ User: 'Ada' }] },
      { Type: 'Chat', Message: 'SGk=', Author: 'Ada' },
    ]);
  });

  it('still reads messages after an hour, long after the function’s timeout', async () => {
    const { clock, ada, bob } = await setUp();
    await clock.advance(60 * MINUTE);
    await ada.send({ Message: 'SGk=', Author: 'Ada' });
    await clock.advance(3_000);
    expect(bob.messages.filter((frame) => (frame as { Type: string }).Type === 'Status')).toHaveLength(1);
    expect(bob.messages.at(-1)).toMatchObject({ Type: 'Chat', Author: 'Ada' });
  });
});
