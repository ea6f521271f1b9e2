import { durationText, jsonLine, printable } from '../../cli/text';

describe('printable', () => {
  it('leaves ordinary text unchanged', () => {
    expect(printable('Grüße, 世界 😀 {"a": 1}')).toBe('Grüße, 世界 😀 {"a": 1}');
  });

  it('escapes characters that move the cursor, start a line or reverse text', () => {
    expect(printable('a\u001b[2Jb\r\n\tc\u009b1md\u202ee\u0000')).toBe(
      'a\\u001b[2Jb\\r\\n\\tc\\u009b1md\\u202ee\\u0000',
    );
  });
});

describe('jsonLine', () => {
  it('is the same value for programs, and safe to print', () => {
    const value = { message: '\u001b[2J\u009b1m\u202e' };
    const line = jsonLine(value);
    expect(line).toBe('{"message":"\\u001b[2J\\u009b1m\\u202e"}\n');
    expect(JSON.parse(line)).toEqual(value);
  });
});

describe('durationText', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [6_000_000, '1 h 40 min'],
  ])('formats %d ms as %s', (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });
});
