/** Finds a function's code and layers: folders and archives among the assembly's assets, and inline code. */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assembly } from '../assembly';
import type { OtherResource } from '../model';
import { objectAt, textAt } from '../values/json';
import type { Resource } from '../values/resource';

const LAYER = 'AWS::Lambda::LayerVersion';

/** The first bytes of an archive. */
const ZIP_MAGIC = 'PK\u0003\u0004';

/**
 * The folder with the code, or its archive.
 * @throws {UserError} if it is not in the assembly
 */
export function codeOf(resource: Resource, runtime: string): string {
  const code = objectAt({ code: resource.property('Code') ?? null }, 'code');
  const inline = textAt(code, 'ZipFile');
  if (inline !== undefined) return inlineCode(inline, runtime.startsWith('python') ? 'index.py' : 'index.js');
  return assetOf(resource, textAt(code, 'S3Key'), 'code');
}

/** The layers that a function uses, and the ones that are not part of the app. */
export function layersOf(
  resource: Resource,
  assembly: Assembly,
): { layers: string[]; notRun: OtherResource[] } {
  const arns = resource.property('Layers');
  const layers: string[] = [];
  const notRun: OtherResource[] = [];
  for (const arn of Array.isArray(arns) ? arns : []) {
    const layer = assembly.resources(LAYER).find((one) => one.ref === arn);
    if (layer) {
      const content = objectAt({ content: layer.property('Content') ?? null }, 'content');
      layers.push(assetOf(layer, textAt(content, 'S3Key'), 'content'));
    } else {
      notRun.push({
        type: 'Lambda layer',
        path: resource.path,
        reason: `runs without the layer ${String(arn)}, which is not part of this app; to include it, add a LayerVersion with its content`,
      });
    }
  }
  return { layers, notRun };
}

function assetOf(resource: Resource, key: string | undefined, what: string): string {
  const staged = textAt(objectAt(resource.definition, 'Metadata'), 'aws:asset:path');
  const { assets, directory } = resource.stack.files;
  const path = assets.get(key ?? '') ?? (staged === undefined ? undefined : join(directory, staged));
  if (path === undefined) {
    throw resource.mistake(
      `its ${what} (${key ?? 'none'}) is not among the assets of the assembly; make it an asset of the app`,
    );
  }
  if (!existsSync(path)) throw resource.mistake(`its ${what} (${path}) is missing; synthesize again`);
  if (!statSync(path).isDirectory() && !isArchive(path)) {
    throw resource.mistake(
      `its ${what} is a single file (${path}) but not a zip archive; use a folder, as in Code.fromAsset(folder)`,
    );
  }
  return path;
}

function isArchive(file: string): boolean {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(ZIP_MAGIC.length);
    readSync(descriptor, start, 0, start.length, 0);
    return start.toString('latin1') === ZIP_MAGIC;
  } finally {
    closeSync(descriptor);
  }
}

/** Folders by their inline code, so that the same code stays in the same folder. */
const inlineFolders = new Map<string, string>();

/** Lambda saves inline code as the file `index`. */
function inlineCode(source: string, file: string): string {
  const key = `${file}\n${source}`;
  const known = inlineFolders.get(key);
  if (known !== undefined) return known;
  const directory = mkdtempSync(join(tmpdir(), 'inline-function-'));
  writeFileSync(join(directory, file), source);
  inlineFolders.set(key, directory);
  return directory;
}
