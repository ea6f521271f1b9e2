/**
 * Text from strangers is read in linear time: the readers that once were not linear. For all readers with every text,
 * see `test/slow`.
 */
import type { IncomingMessage } from 'node:http';
import { withStageVariables } from '../../local/assembly/functions/invoked-function';
import { signedService } from '../../local/endpoint/credential-scope';
import { xmlElements } from '../../local/endpoint/xml';
import { RouteSelection } from '../../local/gateway/route-selection';
import { isGlob } from '../../local/glob';
import { decodeAwsChunked } from '../../local/s3/aws-chunked';

/** If the time grows with the square of the length, this takes minutes on any machine. */
const LENGTH = 1_000_000;

const routes = new RouteSelection('$request.body.action', 'Api');

describe('Hostile text', () => {
  it.each(['<Part>', '<Part ', '<Part', '<Part></Part'])('is read once as XML: %s', (piece) => {
    expect(xmlElements(piece.repeat(LENGTH / piece.length), 'Part')).toEqual([]);
  });

  it.each(['AWS4-A ', 'AWS4-HMAC-SHA256 Credential='])('is read once as a credential: %s', (beginning) => {
    const authorization = `${beginning}${' '.repeat(LENGTH)}!`;
    expect(signedService({ headers: { authorization }, url: '/' } as IncomingMessage)).toBeUndefined();
  });

  it('is compared with a pattern of many wildcards without backtracking', () => {
    expect(isGlob('a'.repeat(2_000), `${'*a'.repeat(50)}b`)).toBe(false);
  });

  it.each(['constructor', '__proto__'])(
    'finds no stage variable by a name that every object has: %s',
    (name) => {
      expect(withStageVariables(`\${stageVariables.${name}}`, {})).toBe('');
    },
  );

  it('after a body is limited', async () => {
    const trailers = new Map<string, string>();
    async function* source() {
      yield Buffer.from('0\r\n');
      for (let count = 0; count < 1_000; count++) yield Buffer.from(`x-${count}: ${count}\r\n`);
    }
    const reading = (async () => {
      for await (const _ of decodeAwsChunked(source(), trailers));
    })();
    await expect(reading).rejects.toThrow('aws-chunked');
    expect(trailers.size).toBeLessThanOrEqual(20);
  });

  it.each(['[', '{"action":'])('selects no route by lists in lists: %s', (piece) => {
    const message = `{"action":${piece.repeat(50_000)}1${(piece === '[' ? ']' : '}').repeat(50_000)}}`;
    expect(routes.select(message)).toBe('');
  });
});

describe('xmlElements', () => {
  it('finds each element with a name, with or without attributes', () => {
    const xml = '<Parts><Part> a </Part><Part x="1">b</Part><PartNumber>1</PartNumber><Part></Part></Parts>';
    expect(xmlElements(xml, 'Part')).toEqual(['a', 'b', '']);
  });

  it('skips an element without an end', () => {
    expect(xmlElements('<Part>a</Part><Part>b', 'Part')).toEqual(['a']);
    expect(xmlElements('<Part', 'Part')).toEqual([]);
  });
});
