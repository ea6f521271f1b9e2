import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findPython,
  missingSdkRemedy,
  otherPython,
  pythonRemedy,
} from '../../../../local/assembly/functions/python';

/** The result of probing an interpreter with these packages. */
const EXIT_CODES = { both: 0, client: 10, neither: 11 };

describe('Python', () => {
  const { VIRTUAL_ENV, PATH } = process.env;
  let home: string;
  let code: string;
  const pythonOf = (venv: string) => join(venv, 'bin', 'python');

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'python-'));
    code = join(home, 'cdk.out', 'asset.1');
    mkdirSync(code, { recursive: true });
    delete process.env.VIRTUAL_ENV;
    process.env.PATH = '';
  });
  afterEach(() => {
    Object.assign(process.env, { PATH, ...(VIRTUAL_ENV !== undefined && { VIRTUAL_ENV }) });
    if (VIRTUAL_ENV === undefined) delete process.env.VIRTUAL_ENV;
  });

  function venv(name: string, has: keyof typeof EXIT_CODES, tools = ['pip'], version = '3.12'): string {
    const folder = join(home, name);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    for (const file of ['python', ...tools]) {
      writeFileSync(join(folder, 'bin', file), `#!/bin/sh\nprintf ${version}\nexit ${EXIT_CODES[has]}\n`);
      chmodSync(join(folder, 'bin', file), 0o755);
    }
    return folder;
  }

  it("uses the app's own venv, found above the assembly", () => {
    const own = venv('.venv', 'both');
    expect(findPython('python3.12', code)).toBe(pythonOf(own));
  });

  it('prefers an interpreter that also has the SDK', () => {
    venv('.venv', 'client');
    const active = venv('elsewhere', 'both');
    process.env.VIRTUAL_ENV = active;
    expect(findPython('python3.12', code)).toBe(pythonOf(active));
  });

  it("prefers the function's own version", () => {
    venv('.venv', 'both', ['pip'], '3.11');
    const active = venv('elsewhere', 'both');
    process.env.VIRTUAL_ENV = active;
    expect(findPython('python3.12', code)).toBe(pythonOf(active));
    expect(otherPython('python3.12', pythonOf(active))).toBeUndefined();
  });

  it('falls back to another version and says so', () => {
    const own = venv('.venv', 'both', ['pip'], '3.11');
    expect(findPython('python3.12', code)).toBe(pythonOf(own));
    expect(otherPython('python3.12', pythonOf(own))).toBe(
      `runs with Python 3.11 of ${own} instead of Python 3.12, so what works here may fail on AWS, and packages with compiled parts may not load. For the same version, make the virtual environment with python3.12`,
    );
  });

  it('accepts an interpreter without the SDK, because a function can bundle it', () => {
    const own = venv('.venv', 'client');
    expect(findPython('python3.12', code)).toBe(pythonOf(own));
  });

  it('rejects interpreters without the runtime client', () => {
    venv('.venv', 'neither');
    expect(findPython('python3.12', code)).toBeUndefined();
  });

  it("suggests installing the packages in the app's venv", () => {
    const own = venv('.venv', 'neither');
    expect(pythonRemedy(code)).toBe(`${join(own, 'bin', 'pip')} install awslambdaric boto3`);
  });

  it('suggests uv for a venv without pip', () => {
    const own = venv('.venv', 'neither', []);
    expect(pythonRemedy(code)).toBe(`uv pip install --python ${pythonOf(own)} awslambdaric boto3`);
  });

  it('suggests a new venv if the app has none', () => {
    expect(pythonRemedy(code)).toBe('python3 -m venv .venv && .venv/bin/pip install awslambdaric boto3');
  });

  it('reports that the SDK, which Lambda has, is missing', () => {
    const own = venv('.venv', 'client');
    const message = "Unable to import module 'index': No module named 'boto3'";
    expect(missingSdkRemedy(message, pythonOf(own))).toBe(
      `Lambda's Python has boto3, but ${pythonOf(own)} does not. Install it: ${join(own, 'bin', 'pip')} install boto3`,
    );
  });

  it('does not report modules that Lambda lacks, too', () => {
    expect(missingSdkRemedy("No module named 'requests'", '/venv/bin/python')).toBeUndefined();
  });
});
