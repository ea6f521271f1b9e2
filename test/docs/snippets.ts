/** The TypeScript snippets of the pages, each turned into a module that compiles. */
import { join } from 'node:path';
import { ROOT, textOf } from './pages';

export interface Snippet {
  page: string;
  /** The line number of the snippet's first line in the page. */
  line: number;
  text: string;
}

/** Packages, with the names that snippets use without an import because the page has shown it before. */
const KNOWN_NAMES: Record<string, string[]> = {
  'shared-connection': [
    ...[
      'ChannelRules',
      'ConnectionLimits',
      'LambdaContext',
      'MessageOf',
      'Service',
      'SharedConnection',
      'WebSocketClosedError',
      'WebSocketServer',
    ],
    'WebSocketTimeoutError',
  ],
  'shared-connection/testing': ['ManualClock', 'TestService'],
  'shared-connection/infra': ['IncomingFiles', 'RealtimeService', 'WebSocketService'],
  'aws-cdk-lib/aws-apigatewayv2-authorizers': ['WebSocketLambdaAuthorizer'],
  zod: ['z'],
};

/** Blocks marked with `ts`. */
export function snippetsOf(page: string, text = textOf(page)): Snippet[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ index, 1: block = '' }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    text: block,
  }));
}

/** The path of a snippet's module. Snippets that name their file can import each other. */
export function fileOf({ page, line, text }: Snippet): string {
  const [, named] = /^\/\/ ([\w-]+(?:\/[\w-]+)*(?:\.test)?\.ts)\n/.exec(text) ?? [];
  return join(page.replace(/\W/g, '-'), named ?? `line-${line}.ts`);
}

/**
 * Adds one line at the beginning that gives a fragment its context: methods become members of a server class,
 * properties members of an object, and statements the body of a function.
 */
export function moduleOf({ text }: Snippet): string {
  // A test file is in a folder of the project.
  const body = text.replace(/ from '\.\.\//g, ` from '${ROOT}/`);
  const imports = body.match(/^import .*;$/gm) ?? [];
  const others = body.replace(/^import .*;$/gm, '');
  const header = [...imports, ...missingImports(body)].join(' ');
  if (/^(static )?override /m.test(text))
    return `${header} export class Fragment extends WebSocketServer {\n${others}}\n`;
  if (/^[a-z]\w*: /i.test(text)) return `${header} export const fragment = {\n${others}};\n`;
  if (/^export /m.test(text)) return `${header}\n${others}`;
  return `${header} export async function fragment(this: import('constructs').Construct) {\n${others}}\n`;
}

function missingImports(text: string): string[] {
  const needed = /^(static )?override /m.test(text) ? `${text} WebSocketServer` : text;
  return Object.entries(KNOWN_NAMES).flatMap(([source, names]) => {
    const missing = names.filter(
      (name) =>
        new RegExp(`\\b${name}\\b`).test(needed) &&
        !new RegExp(`import[^;]*\\b${name}\\b|(class|const|let) ${name}\\b`).test(text),
    );
    return missing.length > 0 ? [`import { ${missing.join(', ')} } from '${source}';`] : [];
  });
}
