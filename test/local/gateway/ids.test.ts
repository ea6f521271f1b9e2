import { ManualClock } from '../../../local/clock';
import { Ids, isConnectionId } from '../../../local/gateway/ids';

const bytesOf = (id: string) => Buffer.from(id, 'base64url');

describe('Ids', () => {
  it('are never repeated, of any kind, at the same moment', () => {
    const ids = new Ids('us-east-1', new ManualClock());
    const made = Array.from({ length: 10_000 }, () => [
      ids.connectionId(),
      ids.messageId(),
      ids.requestId(),
    ]).flat();
    expect(new Set(made).size).toBe(made.length);
    expect(made.every(isConnectionId)).toBe(true);
  });

  it('contain the kind in their ninth byte, and the region before it', () => {
    const ids = new Ids('us-east-1', new ManualClock());
    expect(bytesOf(ids.connectionId()).subarray(6, 9).toString('hex')).toBe('a00302');
    expect(bytesOf(ids.messageId()).subarray(6, 9).toString('hex')).toBe('a00302');
    expect(bytesOf(ids.requestId()).subarray(6, 9).toString('hex')).toBe('a00305');
  });

  it('of a message end like its connection’s id', () => {
    const ids = new Ids('eu-west-1', new ManualClock());
    expect(ids.messageId().slice(-4)).toBe(ids.connectionId().slice(-4));
  });

  it('increase with time', () => {
    const clock = new ManualClock();
    const ids = new Ids('eu-north-1', clock);
    const first = bytesOf(ids.connectionId()).readUIntBE(0, 6);
    clock.advance(200);
    expect(bytesOf(ids.connectionId()).readUIntBE(0, 6)).toBeGreaterThan(first);
  });

  it('make trace ids of the time and 24 digits', () => {
    expect(new Ids('us-east-1', new ManualClock()).traceId()).toMatch(/^Root=1-6955b900-[0-9a-f]{24}$/);
  });
});

describe('isConnectionId', () => {
  it.each(['eHrdFcnvvHcCE-w=', 'U_vNFdo2IAMCIoA=', 'JC1dgf9yoAMCK-g=', '-_AAAAAAAAAAAAA='])(
    'knows %s',
    (id) => {
      expect(isConnectionId(id)).toBe(true);
    },
  );

  it.each([
    '',
    'WDGT8fY4joECJrQ=test',
    'eHrdFcnvvHcCE-w',
    'eHrdFcnvvHcCE-w==',
    'eHrdFcnvvHcCE-B=',
    'eHrdFcnvvHcCE+w=',
    ' eHrdFcnvvHcCE-w=',
    'eHrdFcnvvHcCE-w=\n',
    '123e4567-e89b-12d3-a456-426614174000',
  ])('refuses %j', (id) => {
    expect(isConnectionId(id)).toBe(false);
  });
});
