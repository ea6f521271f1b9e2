import { ProgressLine } from '../../../local/cli/progress-line';

function stream(isTTY: boolean) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  return { written, line: new ProgressLine({ isTTY, columns: 11, write } as unknown as NodeJS.WriteStream) };
}

describe('ProgressLine', () => {
  it('removes what it shows, once', () => {
    const { line, written } = stream(true);
    line.show('under way');
    line.clear();
    line.clear();
    expect(written).toEqual(['under way', '\r\u001b[2K']);
  });

  it('is never longer than the width of the terminal', () => {
    const { line, written } = stream(true);
    line.show('a long time under way');
    expect(written).toEqual(['a long tim']);
  });

  it('shows nothing without a terminal', () => {
    const { line, written } = stream(false);
    line.show('under way');
    line.clear();
    expect(written).toEqual([]);
  });
});
