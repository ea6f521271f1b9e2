/**
 * Compares the public API with the report of it in `packaging/api`, so that every change of it is noticed. `--write` writes
 * the report. API Extractor makes a similar one, but takes ten seconds, which is too long for each check.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publicApi } from './public-api';

const ROOT = join(__dirname, '..');
const REPORTS = join(ROOT, 'packaging/api');

/** What users import, with the declarations of the file behind it. */
const ENTRY_POINTS: Record<string, string> = {
  'shared-connection': 'lib/index.d.ts',
  'shared-connection/testing': 'lib/testing/index.d.ts',
  'shared-connection/realtime': 'lib/realtime/index.d.ts',
  'shared-connection/realtime/token': 'lib/realtime/token.d.ts',
  'shared-connection/infra': 'infra/index.d.ts',
};

/** A line is changed if the other report does not have it. */
function difference(before: string, after: string): string {
  const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');
  const missing = (from: string, to: string, sign: string) => {
    const others = new Set(linesOf(to));
    return linesOf(from).flatMap((line) => (others.has(line) ? [] : [`  ${sign} ${line}`]));
  };
  return [...missing(before, after, '-'), ...missing(after, before, '+')].join('\n');
}

function main(): void {
  const isWriting = process.argv.includes('--write');
  const types = mkdtempSync(join(tmpdir(), 'api-'));
  try {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['-p', join(ROOT, 'packaging'), '--outDir', types, '--removeComments'];
    execFileSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
    for (const [entryPoint, file] of Object.entries(ENTRY_POINTS)) {
      const path = join(REPORTS, `${entryPoint.replace('shared-connection/', '').replaceAll('/', '-')}.md`);
      const report = `# The public API of \`${entryPoint}\`\n\n\`npm run api\` writes this file.\n\n\`\`\`ts\n${publicApi(join(types, file))}\`\`\`\n`;
      const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
      if (before === report) continue;
      if (isWriting) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, report);
        continue;
      }
      process.stderr.write(
        `The public API of ${entryPoint} is not as in its report:\n${difference(before, report) || '  (the order of lines)'}\nIf users should see this change, run \`npm run api\`, commit the report, and describe the change in CHANGELOG.md.\n`,
      );
      process.exitCode = 1;
    }
  } finally {
    rmSync(types, { recursive: true, force: true });
  }
}

main();
