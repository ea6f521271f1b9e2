/** The TypeScript snippets of the pages, each made into a module that the compiler takes. */
import { join } from 'node:path';
import { ROOT, textOf } from './pages';

export interface Snippet {
  page: string;
  /** The line of the page that its first line stands on. */
  line: number;
  text: string;
}

/** Packages and their names that fragments use without an import, which the page has shown before. */
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

/** Blocks marked as `ts`. */
export function snippetsOf(page: string, text = textOf(page)): Snippet[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ index, 1: block = '' }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    text: block,
  }));
}

/** Where the module of a snippet is: snippets that name their file can import each other. */
export function fileOf({ page, line, text }: Snippet): string {
  const [, named] = /^\/\/ ([\w-]+(?:\/[\w-]+)*(?:\.test)?\.ts)\n/.exec(text) ?? [];
  return join(page.replace(/\W/g, '-'), named ?? `line-${line}.ts`);
}

/**
 * One line more than the snippet, at its beginning: methods become those of a server class, properties those of an
 * object, and statements those of a function.
 */
export function moduleOf({ text }: Snippet): string {
  // A test lies in a folder of the project.
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
