import { readSentTime } from '../../../../functions/ingest/hl7/sent-time';

describe('readSentTime', () => {
  it.each([
    ['2026', '2026'],
    ['202601', '2026-01'],
    ['20260131', '2026-01-31'],
    ['2026013109', '2026-01-31T09:00'],
    ['202601310930', '2026-01-31T09:30'],
    ['20260131093059', '2026-01-31T09:30:59'],
    ['20260131093059.1', '2026-01-31T09:30:59.1'],
    ['20260131093059.1234+0545', '2026-01-31T09:30:59.1234+05:45'],
    ['202601310930-0500', '2026-01-31T09:30-05:00'],
    ['201506301532.123+0300', '2015-06-30T15:32:07.38+03:00'],
    ['202601310930.5', '2026-01-31T09:30:30'],
    ['202601310930.9999', '2026-01-31T09:30:59.994'],
    ['20240229', '2024-02-29'],
    ['00010101', '0001-01-01'],
  ])('reads %s', (text, iso) => {
    expect(readSentTime(text)).toEqual({ text, iso });
  });

  it.each([
    'yesterday',
    '2026-01-31',
    '20260229',
    '20261301',
    '2026013124',
    '202601310960',
    '20260131093060',
    '20260131+1500',
    '2026013109+9900',
    '20260131093059.12345',
    '202',
  ])('returns %s unchanged, without a time', (text) => {
    const sent = readSentTime(text);
    expect(sent?.text).toBe(text);
    expect(sent).not.toHaveProperty('iso');
  });

  it('does not accept an empty or overlong value as a time', () => {
    expect(readSentTime('')).toBeUndefined();
    expect(readSentTime('2'.repeat(49))).toBeUndefined();
  });
});
