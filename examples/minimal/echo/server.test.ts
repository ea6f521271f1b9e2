import { TestService } from 'shared-connection/testing';
import { EchoServer } from './server';

describe('EchoServer', () => {
  it('says who the client is, and then what the client says', async () => {
    const client = await new TestService(EchoServer).connect();
    await client.send('Hello!');
    expect(client.received).toEqual([`You are ${client.webSocketId}`, 'Hello!']);
  });
});
