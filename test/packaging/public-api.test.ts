import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicApi } from '../../packaging/public-api';

describe('publicApi', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'public-api-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function apiOf(files: Record<string, string>): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.d.ts`), text);
    return publicApi(join(folder, 'index.d.ts'));
  }

  it('contains named exports, under the name that users import', () => {
    const index = "export { type B, Own as Theirs } from './own';\n";
    const own =
      'export interface B {\n    a: 1;\n}\nexport interface Own {\n}\nexport interface Other {\n}\n';
    expect(apiOf({ index, own })).toBe('export interface B {\n    a: 1;\n}\n\nexport interface Own {\n}\n');
  });

  it('contains exports through two files, or with `export *`', () => {
    const index = "export * from './errors';\nexport { both } from './middle';\n";
    const middle = "export { both } from './own';\n";
    const own = 'export declare function both(a: 1): void;\nexport declare function both(a: 2): void;\n';
    const errors = 'export declare class Wrong extends Error {\n    code: 1;\n}\n';
    expect(apiOf({ index, middle, own, errors })).toBe(
      'export class Wrong extends Error {\n    code: 1;\n}\n\nexport function both(a: 1): void;\nexport function both(a: 2): void;\n',
    );
  });

  it('omits private members', () => {
    const index =
      'export declare class A {\n    #private;\n    private readonly b;\n    protected c: 1;\n}\nexport {};\n';
    expect(apiOf({ index })).toBe('export class A {\n    protected c: 1;\n}\n');
  });

  it('throws for an export without a declaration', () => {
    expect(() => apiOf({ index: "export { A } from './other';\n", other: 'export {};\n' })).toThrow(
      'exports A, whose declaration was not found',
    );
  });
});
