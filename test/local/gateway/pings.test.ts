import { clientFrame, type RawClient } from './raw-client';
import { gateways, OK } from './running-gateway';

const start = gateways();
const PING = 9;
const PONG = 10;

/** The payloads of the next pongs. */
async function pongs(client: RawClient, count: number): Promise<string[]> {
  const payloads: string[] = [];
  for (let at = 0; at < count; at++) {
    const { opcode, payload } = await client.frame();
    if (opcode !== PONG) throw new Error(`Frame ${at} is no pong but has opcode ${opcode}.`);
    payloads.push(payload.toString());
  }
  return payloads;
}

describe('A ping', () => {
  it('is answered with its payload, even if it is one of a thousand in one write', async () => {
    const gateway = await start({ routes: {} });
    const client = await gateway.raw();
    await client.open();
    const payloads = [...Array(1_000).keys()].map(String);
    client.socket.write(Buffer.concat(payloads.map((payload) => clientFrame(payload, { opcode: PING }))));
    expect(await pongs(client, payloads.length)).toEqual(payloads);
  });

  it('is answered by the latest pong if the client did not read, in bounded memory', async () => {
    const gateway = await start({ routes: { $default: OK } });
    const client = await gateway.raw();
    await client.open();
    client.socket.pause();
    const ping = (payload: string) => clientFrame(payload.padEnd(125), { opcode: PING });
    const many = Buffer.concat([...Array(1_000)].map((_, at) => ping(String(at))));
    for (let round = 0; round < 200; round++) client.socket.write(many);
    // Read after all the pings, to know when the last one was accepted.
    const message = gateway.functions.next('MESSAGE');
    client.socket.write(Buffer.concat([ping('last'), clientFrame('all sent')]));
    await message;
    client.socket.resume();
    let received = 0;
    for (;;) {
      const [payload = ''] = await pongs(client, 1);
      received += 1;
      if (payload.trim() === 'last') break;
    }
    expect(received).toBeLessThan(200_001);
  });

  it('is not answered once the connection closes', async () => {
    const gateway = await start({ routes: {} });
    const client = await gateway.raw();
    await client.open();
    client.socket.write(
      Buffer.concat([
        clientFrame(Buffer.from([3, 232]), { opcode: 8 }),
        clientFrame('late', { opcode: PING }),
      ]),
    );
    expect(await client.closeCode()).toBe(1000);
    await client.ended;
    expect(client.rest.length).toBe(0);
  });
});
