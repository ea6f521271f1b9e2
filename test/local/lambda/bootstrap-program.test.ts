import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapWarnings } from '../../../local/lambda/environments/bootstrap-program';
import { Fixture } from './function-fixture';

/** The first bytes of a Linux program for a processor that Lambda does not have. */
const RISC_V = `\u007fELF${'\u0000'.repeat(14)}\u00f3\u0000`;

describe('The warning about bootstraps at the start', () => {
  const fixture = new Fixture();
  afterAll(() => fixture.remove());

  const provided = (name: string, files: Record<string, string>) => {
    const lambdaFunction = fixture.function(name, files, { runtime: 'provided.al2023' });
    for (const file of Object.keys(files)) chmodSync(join(lambdaFunction.codeDirectory, file), 0o755);
    return lambdaFunction;
  };
  const warnings = (...functions: ReturnType<typeof provided>[]) =>
    bootstrapWarnings(functions, (name) => `App/${name}`);

  it('lists all programs for another architecture in one line', () => {
    const functions = ['One', 'Two'].map((name) => provided(name, { bootstrap: RISC_V }));
    expect(warnings(...functions)).toEqual([
      expect.stringMatching(
        /^Every invocation of App\/One, App\/Two fails: fork\/exec \/var\/task\/bootstrap: exec format error\. The bootstrap is built for linux\/another architecture, but this machine is \S+\. To run it here, build it for /,
      ),
    ]);
  });

  it('does not appear for scripts and for functions of other runtimes', () => {
    const node = fixture.function('Node', { 'index.js': '' });
    expect(warnings(provided('Script', { bootstrap: '#!/bin/sh\n' }), node)).toEqual([]);
  });

  it("does not appear for a program of this machine's architecture", () => {
    const lambdaFunction = provided('Native', { 'index.js': '' });
    symlinkSync(process.execPath, join(lambdaFunction.codeDirectory, 'bootstrap'));
    expect(warnings(lambdaFunction)).toEqual([]);
  });
});
