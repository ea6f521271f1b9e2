import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { MAX_HEADER_BYTES, MessageScanner } from '../../../../functions/ingest/hl7/message-scanner';
import { type Cut, scan } from './scanned-bytes';

const PUNCTUATION = [...Array(94).keys()]
  .map((n) => String.fromCharCode(0x21 + n))
  .filter((character) => !/[A-Za-z0-9]/.test(character));

interface Sample {
  /** The separators of fields, components, repetitions, escapes and subcomponents. */
  delimiters: string[];
  messages: { code: string; event: string | undefined; controlId: string; text: string }[];
  lineEnd: string;
  frame: 'none' | 'batch' | 'mllp';
  encoding: 'utf-8' | 'utf-8 with mark' | 'utf-16le';
}

const name = fc.stringMatching(/^[A-Z][A-Z0-9]{2}$/);
/** Printable characters, some outside ASCII and some outside 16 bits, without white space at the ends. */
const controlId = fc
  .string({
    unit: fc.constantFrom(...PUNCTUATION, 'a', 'Z', '7', ' ', 'ä', '漢', '😀'),
    minLength: 1,
    maxLength: 20,
  })
  .map((text) => `x${text}x`);

const samples: fc.Arbitrary<Sample> = fc.record({
  delimiters: fc.uniqueArray(fc.constantFrom(...PUNCTUATION), { minLength: 5, maxLength: 5 }),
  messages: fc.array(
    fc.record({
      code: name,
      event: fc.option(name, { nil: undefined }),
      controlId,
      // Begins with a word, so that it does not look like a segment if it follows immediately.
      text: fc
        .string({ unit: fc.constantFrom('a', ' ', '|', 'MSH', '漢', '\n'), maxLength: 40 })
        .map((text) => text.replaceAll('\n', '\nwords\n')),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  lineEnd: fc.constantFrom('\r', '\n', '\r\n'),
  frame: fc.constantFrom('none', 'batch', 'mllp'),
  encoding: fc.constantFrom('utf-8', 'utf-8 with mark', 'utf-16le'),
});

function write({ delimiters, messages, lineEnd, frame, encoding }: Sample): Buffer {
  const [field = '', component = '', repetition = '', escapeCharacter = '', subcomponent = ''] = delimiters;
  const letters = new Map([
    [field, 'F'],
    [component, 'S'],
    [repetition, 'R'],
    [escapeCharacter, 'E'],
    [subcomponent, 'T'],
  ]);
  const escaped = (text: string) =>
    [...text]
      .map((one) => (letters.has(one) ? `${escapeCharacter}${letters.get(one)}${escapeCharacter}` : one))
      .join('');
  const written = messages.map(({ code, event, controlId: id, text }) => {
    const type = event === undefined ? code : `${code}${component}${event}`;
    const encodingCharacters = `${component}${repetition}${escapeCharacter}${subcomponent}`;
    const fields = [
      'MSH',
      encodingCharacters,
      'A',
      'B',
      'C',
      'D',
      '2026',
      '',
      type,
      escaped(id),
      'P',
      escaped('2.5'),
    ];
    const header = [...fields, '', '', '', '', '', escaped('UNICODE UTF-8')].join(field);
    const lines = lineEnd === '\r' ? text : text.replaceAll('\n', ' ');
    const body = `${header}${lineEnd}OBX${field}${lines}${lineEnd}`;
    return frame === 'mllp' ? `\x0b${body}\x1c\r` : body;
  });
  const [begin, end] = [`BHS${field}${component}${lineEnd}`, `BTS${field}1${lineEnd}`];
  const text = frame === 'batch' ? [begin, ...written, end].join('') : written.join('');
  if (encoding === 'utf-16le') return Buffer.from(`\ufeff${text}`, 'utf16le');
  return Buffer.from(encoding === 'utf-8 with mark' ? `\ufeff${text}` : text);
}

/** Split at any positions, with empty pieces. */
const cuts: fc.Arbitrary<Cut> = fc.array(fc.nat(400), { maxLength: 30 }).map((sizes) => (bytes) => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + (size > 40 ? size : size % 4)));
    at += pieces.at(-1)?.length ?? 0;
  }
  return [...pieces, bytes.subarray(at)];
});

describe('scanMessages', () => {
  it('reads any declared delimiters, however the bytes are split', async () => {
    await fc.assert(
      fc.asyncProperty(samples, cuts, async (sample, cut) => {
        const expected = sample.messages.map(({ code, event, controlId: id }, index) => ({
          kind: 'message',
          topic: code.toLowerCase(),
          index,
          messageCode: code,
          ...(event === undefined ? {} : { triggerEvent: event }),
          controlId: id,
          sent: { text: '2026', iso: '2026' },
          version: '2.5',
        }));
        expect(await scan(write(sample), cut)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('reports the same for truncated and damaged files, however the bytes are split', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(samples, cuts, fc.nat(), damage, async (sample, cut, length, changes) => {
        const bytes = write(sample).subarray(0, length);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const records = await scan(bytes);
        expect(records.length).toBeGreaterThan(0);
        expect(records.map(({ index }) => index)).toEqual([...records.keys()]);
        expect(await scan(bytes, cut)).toEqual(records);
      }),
      { numRuns: 300 },
    );
  });

  it('returns a record for any bytes', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((rest) => Buffer.concat([Buffer.from('MSH|^~\\&|'), rest])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (content, cut) => {
        const records = await scan(content);
        expect(records.length).toBeGreaterThan(0);
        expect(await scan(content, cut)).toEqual(records);
      }),
      { numRuns: 300 },
    );
  });
});

describe('MessageScanner', () => {
  const MEGABYTE = 1024 * 1024;
  const message = Buffer.from('MSH|^~\\&|||||||ORU^R01|1\rOBX|1|ED|||');

  /** The most bytes that it holds while the chunks arrive, and the records that it returns. */
  function feed(scanner: MessageScanner, chunks: Buffer[]) {
    let mostHeld = 0;
    const kinds: string[] = [];
    for (const chunk of chunks) {
      for (const { kind } of scanner.push(chunk)) kinds.push(kind);
      mostHeld = Math.max(mostHeld, scanner.heldBytes);
    }
    for (const { kind } of scanner.end()) kinds.push(kind);
    return { mostHeld, kinds };
  }

  it('buffers nothing of a segment of 50 MB', () => {
    const piece = Buffer.alloc(MEGABYTE, 'x');
    const chunks = [message, ...Array(50).fill(piece), Buffer.from('\r'), message, Buffer.from('\r')];
    expect(feed(new MessageScanner(), chunks)).toEqual({ mostHeld: 0, kinds: ['message', 'message'] });
  });

  it('buffers nothing of 50 MB of binary data in a segment', () => {
    const piece = randomBytes(MEGABYTE);
    const { mostHeld } = feed(new MessageScanner(), [message, ...Array(50).fill(piece)]);
    expect(mostHeld).toBeLessThanOrEqual(MAX_HEADER_BYTES);
  });

  it('buffers no more of a header of 50 MB than the allowed header size', () => {
    const chunks = [Buffer.from('MSH|^~\\&|'), ...Array(50 * 256).fill(Buffer.alloc(4096, 'x'))];
    const { mostHeld, kinds } = feed(new MessageScanner(), chunks);
    expect(kinds).toEqual(['broken']);
    expect(mostHeld).toBeGreaterThan(MAX_HEADER_BYTES - 4096);
    expect(mostHeld).toBeLessThanOrEqual(MAX_HEADER_BYTES);
  });
});
