import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scanMessages } from '../../../../functions/ingest/hl7/scan-messages';
import type { ScannedRecord } from '../../../../functions/ingest/hl7/scanned-record';
import { bytesOf, chunked, header, scan } from './scanned-bytes';

const MESSAGES = join(__dirname, 'messages');
const read = (name: string) => readFileSync(join(MESSAGES, `${name}.hl7`));

/** One message for each file, except for the batch: name, code, event, control id, version. */
const CORPUS: [file: string, code: string, event: string | undefined, controlId: string, version: string][] =
  [
    ['ack', 'ACK', undefined, 'ACK00000', '2.2'],
    ['ack-a01', 'ACK', 'A01', 'ACK00001', '2.5.1'],
    ['adt-a01', 'ADT', 'A01', 'ADT00001', '2.5.1'],
    ['adt-a01-escaped', 'ADT', 'A01', 'F|S^T&R~E\\.', '2.5.1'],
    ['adt-a01-latin-1', 'ADT', 'A01', 'ID-ü1', '2.5.1'],
    ['adt-a01-mllp', 'ADT', 'A01', 'ADT00001', '2.5.1'],
    ['adt-a01-other-delimiters', 'ADT', 'A01', 'A$B!C', '2.5.1'],
    ['adt-a01-utf-16be', 'ADT', 'A01', 'ID-ü漢', '2.5.1'],
    ['adt-a01-utf-16le', 'ADT', 'A01', 'ID-ü漢', '2.5.1'],
    ['adt-a01-utf-8-with-mark', 'ADT', 'A01', 'ID-ü漢', '2.5.1'],
    ['adt-a02', 'ADT', 'A02', 'ADT00002', '2.5.1'],
    ['adt-a03', 'ADT', 'A03', 'ADT00003', '2.5.1'],
    ['adt-a04', 'ADT', 'A04', 'ADT00004', '2.3'],
    ['adt-a08', 'ADT', 'A08', 'ADT00008', '2.4'],
    ['adt-a11', 'ADT', 'A11', 'ADT00011', '2.5.1'],
    ['adt-a28', 'ADT', 'A28', 'ADT00028', '2.6'],
    ['adt-a31', 'ADT', 'A31', 'ADT00031', '2.7'],
    ['adt-a40', 'ADT', 'A40', 'ADT00040', '2.5.1'],
    ['bar-p01', 'BAR', 'P01', 'BAR00001', '2.5.1'],
    ['crm-c01', 'CRM', 'C01', 'CRM00001', '2.5.1'],
    ['dft-p03', 'DFT', 'P03', 'DFT00003', '2.5.1'],
    ['mdm-t02', 'MDM', 'T02', 'MDM00002', '2.5.1'],
    ['mfn-m02', 'MFN', 'M02', 'MFN00002', '2.5.1'],
    ['omg-o19', 'OMG', 'O19', 'OMG00019', '2.5.1'],
    ['oml-o21', 'OML', 'O21', 'OML00021', '2.5.1'],
    ['orl-o22', 'ORL', 'O22', 'ORL00022', '2.5.1'],
    ['orm-o01', 'ORM', 'O01', 'ORM00001', '2.3.1'],
    ['oru-r01', 'ORU', 'R01', 'ORU00001', '2.5.1'],
    ['oru-r30', 'ORU', 'R30', 'ORU00030', '2.5.1'],
    ['ppr-pc1', 'PPR', 'PC1', 'PPR00001', '2.5.1'],
    ['qbp-q22', 'QBP', 'Q22', 'QBP00022', '2.5.1'],
    ['qry-a19', 'QRY', 'A19', 'QRY00019', '2.3'],
    ['ras-o17', 'RAS', 'O17', 'RAS00017', '2.5.1'],
    ['rde-o11', 'RDE', 'O11', 'RDE00011', '2.5.1'],
    ['rds-o13', 'RDS', 'O13', 'RDS00013', '2.5.1'],
    ['ref-i12', 'REF', 'I12', 'REF00012', '2.5.1'],
    ['rsp-k22', 'RSP', 'K22', 'RSP00022', '2.5.1'],
    ['siu-s12', 'SIU', 'S12', 'SIU00012', '2.5.1'],
    ['siu-s15', 'SIU', 'S15', 'SIU00015', '2.5.1'],
    ['vxu-v04', 'VXU', 'V04', 'VXU00004', '2.5.1'],
    ['zzz-z01', 'ZZZ', 'Z01', 'ZZZ00001', '2.5.1'],
  ];

describe('scanMessages', () => {
  it.each(CORPUS)('reads %s', async (file, messageCode, triggerEvent, controlId, version) => {
    expect(await scan(read(file))).toEqual([
      {
        kind: 'message',
        topic: messageCode.toLowerCase(),
        index: 0,
        messageCode,
        ...(triggerEvent === undefined ? {} : { triggerEvent }),
        controlId,
        sent: { text: expect.stringMatching(/^20260131/), iso: expect.stringMatching(/^2026-01-31/) },
        version,
      },
    ]);
  });

  it('recognizes the content of each file of the corpus', () => {
    const files = readdirSync(MESSAGES).map((name) => name.replace('.hl7', ''));
    expect(files.sort()).toEqual([...CORPUS.map(([file]) => file), 'batch'].sort());
  });

  it('numbers the messages of a batch', async () => {
    expect(await scan(read('batch'))).toMatchObject([
      { kind: 'message', index: 0, controlId: 'ADT00001' },
      { kind: 'message', index: 1, controlId: 'ORU00001' },
      { kind: 'message', index: 2, controlId: 'ADT00003' },
    ]);
  });

  it('reads consecutive messages with any line ends and any white space between them', async () => {
    const files = ['adt-a01', 'adt-a02', 'adt-a03', 'orm-o01', 'adt-a01-utf-8-with-mark'].map(read);
    const bytes = Buffer.concat(files.flatMap((file) => [Buffer.from('\r\n\n \t'), file]));
    expect((await scan(bytes)).map((one) => one.kind === 'message' && one.controlId)).toEqual([
      'ADT00001',
      'ADT00002',
      'ADT00003',
      'ORM00001',
      'ID-ü漢',
    ]);
  });

  it('reads several MLLP blocks with one message each', async () => {
    const block = read('adt-a01-mllp');
    expect(await scan(Buffer.concat([block, block]))).toMatchObject([
      { kind: 'message', index: 0 },
      { kind: 'message', index: 1 },
    ]);
  });

  it('reads UTF-16 without a byte order mark', async () => {
    expect(await scan(read('adt-a01-utf-16le').subarray(2))).toMatchObject([{ controlId: 'ID-ü漢' }]);
    expect(await scan(read('adt-a01-utf-16be').subarray(2))).toMatchObject([{ controlId: 'ID-ü漢' }]);
  });

  it('recognizes a header that declares fewer delimiters', async () => {
    expect(await scan(bytesOf('MSH|^|||||||ADT^A01|A\\F\\B\r'))).toMatchObject([
      { messageCode: 'ADT', triggerEvent: 'A01', controlId: 'A\\F\\B' },
    ]);
  });

  it('omits missing fields', async () => {
    expect(await scan(bytesOf('MSH|^~\\&|||||||ADT|1\r'))).toEqual([
      { kind: 'message', topic: 'adt', index: 0, messageCode: 'ADT', controlId: '1' },
    ]);
  });

  const OBX = 'OBX|1|TX|TEXT||';
  const QUOTED = 'MSH|^~\\&|A|B|||20260131||ADT^A01|QUOTED|P|2.5';
  const told = async (content: string | Buffer) =>
    (await scan(bytesOf(content))).map((one) =>
      one.kind === 'message' ? one.controlId : one.kind === 'broken' ? one.error.name : one.reason,
    );

  describe('if segments end with CR, treats a bare LF as data', () => {
    it.each([
      ['a line that begins as a header does', `one\nMSH|is how it begins\nthree`],
      ['the first line as a header does', `\nMSH|^~\\& is how it begins\nthree`],
      ['a whole header', `one\n${QUOTED}\nthree`],
      ['a whole header before the text', `one\n${QUOTED}|\nthree`],
      ['a whole header at its end', `one\ntwo\n${QUOTED}`],
      ['an indented header', `one\n  ${QUOTED}`],
      ['lines that look like segments, and a header', `one\nPID|1\ntwo\n${QUOTED}`],
      ['base64', `${'QUJD'.repeat(19)}\nMSH/QUJDQUJD+QUJD\nMSH+${'QUJD'.repeat(18)}\nQQ==`],
      ['blank lines', `one\n\n\nMSH|two`],
    ])('with %s', async (_, text) => {
      const message = `${header()}${OBX}${text}||||||F\r`;
      expect(await told(`${message}OBX|2|TX|||more\r${header({ controlId: '2' })}`)).toEqual(['1', '2']);
    });

    it('but not between messages', async () => {
      const lines = ['1', '2', '3'].map((controlId) => `${header({ controlId })}PID|1\rPV1|1`);
      expect(await told(lines.join('\n'))).toEqual(['1', '2', '3']);
      expect(await told(lines.join('\r\n'))).toEqual(['1', '2', '3']);
    });

    it('and reports a broken header between messages', async () => {
      expect(await told(`${header()}PID|1\n${header({ controlId: '' })}PID|1\r`)).toEqual(['1', 'ControlId']);
    });
  });

  it('treats wrapped base64 as data, whatever the line ends', async () => {
    for (const end of ['\r', '\r\n', '\n']) {
      const text = `QUJD${end}MSH/QUJDQUJD+QUJD${end}MSH+QUJDQUJD${end}QQ==`;
      const message = `${header().trim()}${end}${OBX}${text}${end}`;
      expect(await told(`${message}${header({ controlId: '2' })}`)).toEqual(['1', '2']);
    }
  });

  it.each(['\r', '\n', '\r\n', '\r\r', '\n\n'])(
    'finds one message with %j between its segments',
    async (end) => {
      const segments = [header().trim(), 'PID|1', 'OBR|1', `${OBX}a`, ''];
      expect(await told(segments.join(end))).toEqual(['1']);
      const mixed = `${header()}PID|1\nOBR|1\r\n\n${OBX}a\r${header({ controlId: '2' }).trim()}\nPID|1\r`;
      expect(await told(`${mixed}${header({ controlId: '3' })}`)).toEqual(['1', '2', '3']);
    },
  );

  it('reads consecutive messages with different delimiters', async () => {
    const other = header({ controlId: '2' }).replaceAll('|', '$');
    expect(await told(`${header()}PID|1\r${other}PID$1\r${header({ controlId: '3' })}`)).toEqual([
      '1',
      '2',
      '3',
    ]);
  });

  it('treats a doubled backslash in MSH-2 as a single one, and also in its fields', async () => {
    expect(await scan(bytesOf('MSH|^~\\\\&|A||||2026||ADT^A01|x\\\\F\\\\y|P|2.5\r'))).toMatchObject([
      { kind: 'message', controlId: 'x|y', triggerEvent: 'A01' },
    ]);
  });

  it.each([
    ['ORU_R01', 'ORU', 'R01'],
    ['ORU_R01^R01', 'ORU', 'R01'],
    ['ORU_R01^R03', 'ORU', 'R03'],
  ])('reads %s in MSH-9', async (type, messageCode, triggerEvent) => {
    expect(await scan(bytesOf(header({ type })))).toMatchObject([
      { topic: 'oru', messageCode, triggerEvent },
    ]);
  });

  it.each([
    'MSH|^~\\&|A||||2026||ADT^A01|1|P|2.5',
    'MSH|^~\\&|A||||2026||ADT^A01|1|P',
    '\ufeffMSH|^~\\&|A||||2026||ADT^A01|1|P|2.5.1',
  ])('reads a single header without an end: %s', async (text) => {
    expect(await told(text)).toEqual(['1']);
  });

  it('does not trust a control id at the very end of the file', async () => {
    expect(await told('MSH|^~\\&|A||||2026||ADT^A01|12')).toEqual(['Truncated']);
  });

  it('treats MSH as a word where it is not a header', async () => {
    const body = 'PID|1||7^^^MSH_MRN\rPV1|1|I|MSH^2|||MSH|MSH\rOBX|1|TX|MSH||MSH\r';
    expect(await told(`${header()}${body}`)).toEqual(['1']);
  });

  it('ignores bytes between MLLP blocks, and reports a block without an end', async () => {
    const block = (controlId: string) => `\x0b${header({ controlId })}PID|1\r\x1c`;
    const noise = '2026-01-31 received\r';
    expect(await told(`\ufeff${block('1')}\r${noise}${block('2')}${block('3')}\r`)).toEqual(['1', '2', '3']);
    expect(await told(`${block('1')}\r\x0b${header({ controlId: '2' })}${block('3')}\r`)).toEqual([
      '1',
      'Truncated',
      '3',
    ]);
  });

  it('reads an ASCII header in any character set', async () => {
    const latin = (text: string) => Buffer.from(`${text}PID|1||||DÄ\r`, 'latin1');
    for (const characterSet of ['', 'Windows-1252', 'UNICODE UTF-8', 'nobody knows']) {
      expect(await told(latin(header({ characterSet })))).toEqual(['1']);
    }
  });

  it.each<[string, string | Buffer]>([
    ['empty', ''],
    ['empty', '\r\n \t\n'],
    ['emptyBatch', 'FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r'],
    ['notHl7', 'Dear colleague,\n'],
    ['notHl7', 'MSH is the name of a segment.'],
    ['notHl7', 'MS'],
    ['notHl7', 'SKU|NAME|PRICE\n'],
    ['notHl7', '<?xml version="1.0"?><ADT_A01 xmlns="urn:hl7-org:v2xml"/>'],
    ['notHl7', '{"resourceType":"Bundle"}'],
    ['notHl7', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0])],
    ['notHl7', Buffer.from([0x0b, 0, 0, 0, 0x1c, 0x0d])],
    ['notHl7', Buffer.alloc(100)],
  ])('classifies other files as %s: %j', async (reason, content) => {
    expect(await scan(bytesOf(content))).toEqual([{ kind: 'file', topic: 'file', index: 0, reason }]);
  });

  it('stops reading when it knows that a file is not HL7', async () => {
    let chunksRead = 0;
    let isReleased = false;
    async function* file(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          chunksRead += 1;
          yield Buffer.from('not HL7');
        }
      } finally {
        isReleased = true;
      }
    }
    for await (const _ of scanMessages(file())) {
      // One record.
    }
    expect({ chunksRead, isReleased }).toEqual({ chunksRead: 1, isReleased: true });
  });

  it('returns a message while the file is still being read', async () => {
    async function* file(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([read('adt-a01'), read('adt-a02')]);
      throw new Error('The first message has to be told before this.');
    }
    const records = scanMessages(file());
    expect((await records.next()).value).toMatchObject({ controlId: 'ADT00001' });
    await records.return(undefined);
  });
});

describe('A broken message', () => {
  const error = async (content: string | Buffer): Promise<unknown> => {
    const records = await scan(bytesOf(content));
    const broken = records.filter((one) => one.kind === 'broken');
    expect(records).toHaveLength(1);
    return broken[0]?.error;
  };

  it.each<[string, string, string | Buffer, string]>([
    ['without delimiters', 'Delimiters', 'MSH\rPID|1\r', ''],
    ['without encoding characters', 'Delimiters', 'MSH||A|B\r', '|'],
    ['with a delimiter twice', 'Delimiters', 'MSH|^^\\&|A\r', '|^^\\&'],
    ['with too many delimiters', 'Delimiters', 'MSH|^~\\&#!|A\r', 'MSH-2 of 6 bytes'],
    ['with text for delimiters', 'Delimiters', 'MSH|DOE|JANE\r', 'MSH-2 of 3 bytes'],
    ['without a type', 'MessageType', header({ type: '' }), 'MSH-9.1 is empty'],
    ['with a null for a type', 'MessageType', header({ type: '""' }), 'MSH-9.1 is empty'],
    ['with a name for a type', 'MessageType', header({ type: 'DOE, JANE^A01' }), 'MSH-9.1 has 9 characters'],
    ['with another trigger event', 'TriggerEvent', header({ type: 'ADT^JANE' }), 'MSH-9.2 has 4 characters'],
    ['without a control id', 'ControlId', header({ controlId: '' }), 'MSH-10 is empty'],
    ['with a null for a control id', 'ControlId', header({ controlId: '""' }), 'MSH-10 is empty'],
    [
      'with a long control id',
      'ControlId',
      header({ controlId: 'x'.repeat(200) }),
      'MSH-10 has 200 characters',
    ],
    [
      'with bytes beyond ASCII in none',
      'CharacterSet',
      Buffer.from(header({ controlId: 'Ä' }), 'latin1'),
      'MSH-10, MSH-18 empty',
    ],
    [
      'with other bytes than it declares',
      'CharacterSet',
      Buffer.from(header({ controlId: 'Ä', characterSet: 'UNICODE UTF-8' }), 'latin1'),
      'MSH-10, MSH-18 UNICODE UTF-8',
    ],
    [
      'in a set whose bytes look like delimiters',
      'CharacterSet',
      Buffer.from(header({ controlId: 'Ä', characterSet: 'BIG-5' }), 'latin1'),
      'MSH-10, MSH-18 BIG-5',
    ],
    [
      'in a set that nobody knows',
      'CharacterSet',
      Buffer.from(header({ controlId: 'Ä', characterSet: 'JANE DOE' }), 'latin1'),
      'MSH-10, MSH-18 of 8 bytes',
    ],
    ['in UTF-32', 'CharacterSet', Buffer.from([0xff, 0xfe, 0, 0, 0x4d, 0, 0, 0]), 'UTF-32'],
    ['that ends in its name', 'Truncated', 'MSH', 'the file ends after 3 bytes of MSH'],
    ['that ends in its header', 'Truncated', 'MSH|^~\\&|A|B', 'the file ends after 12 bytes of MSH'],
    ['that ends in its MLLP block', 'Truncated', `\x0b${header()}PID|1\r`, 'the file ends'],
    ['without a beginning', 'HeaderMissing', 'PID|1||000001\rPV1|1\r', 'the first segment is another one'],
    ['with a long header', 'HeaderTooLong', `MSH|^~\\&|${'x'.repeat(17_000)}\r`, 'more than 16384 bytes'],
  ])('%s is reported with the rule', async (_, name, content, value) => {
    expect(await error(content)).toEqual({ name, rule: expect.any(String), value });
  });

  it('does not block the other messages', async () => {
    const file = [header(), header({ type: '' }), `\x0b${header()}`, `\x0b${header()}\x1c\r`, header()];
    const told = (await scan(bytesOf(file.join('')))).map((one) =>
      one.kind === 'broken' ? [one.index, one.error.name] : [one.index, one.kind],
    );
    expect(told).toEqual([
      [0, 'message'],
      [1, 'MessageType'],
      [2, 'Truncated'],
      [3, 'message'],
      [4, 'message'],
    ]);
  });

  it('is reported without its content', async () => {
    const secret = 'DOE^JANE';
    const file = [
      `MSH|${secret}|${secret}\r`,
      header({ type: secret }),
      header({ type: `ADT^${secret.replace('^', '')}` }),
      header({ controlId: secret.repeat(50) }),
      Buffer.from(header({ controlId: `Ä${secret}`, characterSet: secret }), 'latin1').toString('latin1'),
      `MSH|^~\\&|${secret.repeat(10_000)}\r`,
      `MSH|^~\\&|${secret}`,
    ];
    const records: ScannedRecord[] = await scan(Buffer.from(file.join(''), 'latin1'));
    expect(records.map(({ kind }) => kind)).toEqual(file.map(() => 'broken'));
    expect(JSON.stringify(records)).not.toMatch(/DOE|JANE/);
  });
});

describe('The text of a chunk', () => {
  it('may be split anywhere', async () => {
    for (const name of readdirSync(MESSAGES)) {
      const bytes = readFileSync(join(MESSAGES, name));
      const whole = await scan(bytes);
      expect(await scan(bytes, chunked(1))).toEqual(whole);
      expect(await scan(bytes, chunked(3))).toEqual(whole);
    }
  });
});
