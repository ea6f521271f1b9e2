/** The program of a `provided` runtime: the executable `bootstrap` in the function's code or a layer. */
import { accessSync, closeSync, constants, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaFunction } from '../../assembly/model';

/** Why nothing can run: in Lambda's words, with the remedy. */
export class InvalidEntrypoint extends Error {
  constructor(
    message: string,
    readonly remedy: string,
    readonly errorType = 'Runtime.InvalidEntrypoint',
  ) {
    super(message);
  }
}

/** @throws {InvalidEntrypoint} if there is none, or this machine cannot execute it */
export function bootstrapOf({ codeDirectory, layers = [] }: LambdaFunction): string {
  const files = [codeDirectory, ...layers].map((folder) => join(folder, 'bootstrap'));
  const file = files.find((each) => existsSync(each));
  if (file === undefined) {
    throw new InvalidEntrypoint(
      "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
      `Put an executable file bootstrap into ${codeDirectory}, or into a layer.`,
    );
  }
  try {
    accessSync(file, constants.X_OK);
  } catch {
    throw new InvalidEntrypoint('fork/exec /var/task/bootstrap: permission denied', `chmod +x ${file}`);
  }
  const remedy = formatRemedy(firstBytes(file));
  if (remedy === undefined) return file;
  throw new InvalidEntrypoint('fork/exec /var/task/bootstrap: exec format error', remedy);
}

/** One line for each reason why functions cannot run, for the start. */
export function bootstrapWarnings(
  functions: LambdaFunction[],
  nameOf: (functionName: string) => string,
): string[] {
  const reasons = new Map<string, string[]>();
  for (const lambdaFunction of functions) {
    if (!lambdaFunction.runtime.startsWith('provided')) continue;
    try {
      bootstrapOf(lambdaFunction);
    } catch (error) {
      if (!(error instanceof InvalidEntrypoint)) throw error;
      const reason = `${error.message}. ${error.remedy}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), nameOf(lambdaFunction.functionName)]);
    }
  }
  return [...reasons].map(([reason, names]) => `Every invocation of ${names.join(', ')} fails: ${reason}`);
}

interface Machine {
  /** As in `process.arch`. */
  arch: string;
  /** In Go's words. */
  goArch: string;
  /** The name of QEMU's entry in Linux's binfmt_misc. */
  qemu: string;
}

/** By `e_machine` of an ELF file. */
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [0x3e, { arch: 'x64', goArch: 'amd64', qemu: 'qemu-x86_64' }],
  [0xb7, { arch: 'arm64', goArch: 'arm64', qemu: 'qemu-aarch64' }],
]);
const ELF_MAGIC = '\u007fELF';
/** The offset of `e_machine`. */
const ELF_MACHINE = 18;

/** Linux would run a file of an unknown format as a shell script. Lambda does not. */
function formatRemedy(bytes: Buffer): string | undefined {
  const magic = bytes.toString('latin1');
  if (magic.startsWith('#!')) return undefined;
  if (!magic.startsWith(ELF_MAGIC)) {
    if (process.platform !== 'linux') return undefined;
    return 'The bootstrap is neither a Linux program nor a script that begins with #!.';
  }
  const machine = MACHINES.get(bytes.readUInt16LE(ELF_MACHINE));
  if (process.platform === 'linux' && (machine?.arch === process.arch || canEmulate(machine))) {
    return undefined;
  }
  const goArch = [...MACHINES.values()].find(({ arch }) => arch === process.arch)?.goArch ?? process.arch;
  const here = `${process.platform}/${goArch}`;
  return `The bootstrap is built for linux/${machine?.goArch ?? 'another architecture'}, but this machine is ${here}. To run it here, build it for ${here}; for Go, with GOOS=${process.platform} GOARCH=${goArch}.`;
}

function canEmulate(machine: Machine | undefined): boolean {
  return machine !== undefined && existsSync(join('/proc/sys/fs/binfmt_misc', machine.qemu));
}

function firstBytes(file: string): Buffer {
  const bytes = Buffer.alloc(ELF_MACHINE + 2);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
