import fc from 'fast-check';
import { ChatProtocolError } from '../../../functions/chat/messages';
import { nickname } from '../../../functions/chat/nickname';
import { chatService, frames, lastList } from './chat-harness';

describe('nickname', () => {
  it.each([
    ['Ada', 'Ada'],
    ['  Ada   Byron ', 'Ada Byron'],
    ['Ada\u00a0Byron\u3000King', 'Ada Byron King'],
    ['Ａｄａ', 'Ada'],
    ['Ame\u0301lie', 'Amélie'],
    ['', 'default'],
    [' \u2003 ', 'default'],
    ['default', 'default'],
    ['unknown', 'unknown'],
    ['system administrator', 'system administrator'],
    ['Σωκράτης', 'Σωκράτης'],
    ['Юлия', 'Юлия'],
    ['שלום', 'שלום'],
    ['علی\u200cرضا', 'علی\u200cرضا'],
    ['क्\u200dष', 'क्\u200dष'],
    ['Nguyễn', 'Nguyễn'],
    ['漢字', '漢字'],
    ['👩‍👩‍👧 ❤️ 👍🏽 1️⃣ 🇨🇭', '👩‍👩‍👧 ❤️ 👍🏽 1️⃣ 🇨🇭'],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ["O'Neill-Smith, Jr.", "O'Neill-Smith, Jr."],
  ])('turns %j into %j', async (given, name) => {
    expect(await nickname(given)).toBe(name);
  });

  it.each([
    ['a zero-width space', 'Ada\u200b', 'U+200B'],
    ['an override of direction', '\u202eadA', 'U+202E'],
    ['an isolate', 'A\u2066da', 'U+2066'],
    ['a filler', 'Ada\u3164', 'U+1160'],
    ['a half-width filler', 'Ada\uffa0', 'U+1160'],
    ['a line separator', 'A\u2028da', 'U+2028'],
    ['a soft hyphen', 'A\u00adda', 'U+00AD'],
    ['a joiner between Latin letters', 'A\u200dda', 'U+200D'],
    ['a selector behind a Latin letter', 'Ada\ufe0f', 'U+FE0F'],
    ['hidden tags', 'Ada\u{e0041}', 'U+E0041'],
    ['an empty Braille pattern', 'Ada\u2800', 'U+2800'],
    ['a private character', 'Ada\ue000', 'U+E000'],
    ['a control character', 'a\nb', 'U+000A'],
    ['half a character', '\ud800', 'U+D800'],
    ['a mark of order within', 'a\ufeffb', 'U+FEFF'],
  ])('refuses %s', async (_name, given, codePoint) => {
    await expect(nickname(given)).rejects.toThrow(ChatProtocolError);
    await expect(nickname(given)).rejects.toThrow(`other invisible characters, but has ${codePoint}.`);
  });

  it.each([
    'system',
    'System',
    'SYSTEM',
    ' system ',
    'sуstеm',
    'ѕуѕтем',
    'ЅУЅТЕМ',
    'ｓｙｓｔｅｍ',
    '𝓼𝔂𝓼𝓽𝓮𝓶',
    'ⓢⓨⓢⓣⓔⓜ',
    'ꜱʏꜱᴛᴇᴍ',
    'systém',
    's\u0308ystem',
    's.y.s.t.e.m',
    '[system]',
    'system!',
    'systern',
    'ѕystem 🤖',
  ])('refuses %j, which looks like the system', async (given) => {
    await expect(nickname(given)).rejects.toThrow(/may not be "system" or look like it/);
  });

  it('refuses marks without a letter, and stacks of marks', async () => {
    await expect(nickname('\u0301da')).rejects.toThrow(/may not begin with a combining mark/);
    await expect(nickname(`A${'\u0363'.repeat(5)}da`)).rejects.toThrow(/more than 4 marks/);
  });

  it('counts the characters of a ligature separately', async () => {
    await expect(nickname('\ufdfa'.repeat(10))).rejects.toThrow(/64 characters, but has 180/);
    await expect(nickname('x'.repeat(100_000))).rejects.toThrow(/but has 100000/);
  });

  it('for any text, returns a name that is stable, or a sentence', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const name = await nickname(given).catch((error: Error) => {
          expect(error).toBeInstanceOf(ChatProtocolError);
          return undefined;
        });
        if (name !== undefined) expect(await nickname(name)).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the chat', () => {
  it('lets no user speak as the system', async () => {
    const chat = chatService();
    const mallory = await chat.connect();
    await mallory.send({ User: 'system' });
    await mallory.send({ Message: 'aGVsbG8=' });
    expect(frames(mallory, 'Error')).toHaveLength(1);
    expect(frames(mallory, 'Chat')).toMatchObject([{ Author: 'unknown' }]);
    expect(lastList(mallory)).toEqual([]);
  });
});
