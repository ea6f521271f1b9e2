/** The declarations of what an entry point exports, from the `.d.ts` files that TypeScript writes. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Export {
  name: string;
  /** Set if the module re-exports it from another one, or exports it under another name. */
  from: { file: string; name: string } | undefined;
}

interface Module {
  file: string;
  /** By name; overloads of a function are several. */
  declarations: Map<string, string[]>;
  exports: Export[];
  /** The files of `export * from`. */
  all: string[];
}

/** The exported names in order, each with its declaration, without what is private. */
export function publicApi(file: string): string {
  const modules = new Map<string, Module>();
  const moduleOf = (path: string): Module => {
    const known = modules.get(path) ?? readModule(path);
    modules.set(path, known);
    return known;
  };

  function namesOf({ exports, all }: Module): string[] {
    return [...exports.map(({ name }) => name), ...all.flatMap((path) => namesOf(moduleOf(path)))];
  }

  function declarationOf(module: Module, name: string): string | undefined {
    const found = module.exports.find((one) => one.name === name);
    if (found?.from && found.from.file !== module.file)
      return declarationOf(moduleOf(found.from.file), found.from.name);
    const own = module.declarations.get(found?.from?.name ?? name);
    if (own) return own.join('\n');
    return module.all.map((path) => declarationOf(moduleOf(path), name)).find((text) => text !== undefined);
  }

  const entry = moduleOf(file);
  const names = [...new Set(namesOf(entry))].sort((a, b) => (a < b ? -1 : 1));
  return names
    .map((name) => {
      const declaration = declarationOf(entry, name);
      if (declaration === undefined)
        throw new Error(`${file} exports ${name}, whose declaration was not found.`);
      return `${declaration}\n`;
    })
    .join('\n');
}

function readModule(file: string): Module {
  const module: Module = { file, declarations: new Map(), exports: [], all: [] };
  const place = (path: string) => join(dirname(file), `${path}.d.ts`);
  for (const statement of statementsIn(readFileSync(file, 'utf8'))) {
    const [, everything] = /^export \* from '(\.[^']+)'/.exec(statement) ?? [];
    const [, list, source] = /^export (?:type )?\{([^}]*)\}(?: from '(\.[^']+)')?/.exec(statement) ?? [];
    const [, name] =
      /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const|enum) (\w+)/.exec(
        statement,
      ) ?? [];
    if (everything !== undefined) module.all.push(place(everything));
    for (const item of (list ?? '').split(',').filter((text) => text.trim() !== '')) {
      const [own = '', exported = own] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      module.exports.push({ name: exported, from: { file: source ? place(source) : file, name: own } });
    }
    if (name === undefined) continue;
    const others = module.declarations.get(name) ?? [];
    module.declarations.set(name, [...others, withoutPrivate(statement)]);
    if (statement.startsWith('export ') && others.length === 0)
      module.exports.push({ name, from: undefined });
  }
  return module;
}

/** TypeScript indents everything but the first and the last line of a statement. */
function statementsIn(text: string): string[] {
  const statements: string[] = [];
  for (const line of text.split('\n')) {
    const last = statements.length - 1;
    if (/^[\s})\]]/.test(line) && last >= 0) statements[last] += `\n${line}`;
    else if (line !== '') statements.push(line);
  }
  return statements.map((statement) => statement.trimEnd());
}

function withoutPrivate(statement: string): string {
  return statement
    .split('\n')
    .filter((line) => !/^ +(private |#private;)/.test(line))
    .join('\n')
    .replace(/^export declare /, 'export ')
    .replace(/^declare /, 'export ');
}
