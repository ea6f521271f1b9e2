// Two lanes: `unit` is the whole of `npm test`; `slow` needs time, Python, a browser or an emulator.
const { availableParallelism } = require('node:os');

const common = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/test/node-environment.js',
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transformer.js' },
  // An `import()` names a source file as TypeScript wants it: by the extension that it has once compiled.
  moduleNameMapper: { '^(\\.{1,2}/identity/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: [
    '<rootDir>/build/',
    '<rootDir>/cdk.out/',
    '<rootDir>/dist/',
    '<rootDir>/local/dist/',
    '<rootDir>/examples/',
  ],
  setupFiles: ['<rootDir>/test/environment.js'],
  globalSetup: '<rootDir>/test/shared-syntheses.js',
};

module.exports = {
  // A machine that is busy with other things is no failure: this ends only what hangs.
  testTimeout: 300_000,
  // jest would leave one core idle, and a test that waits for sockets leaves another.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  testSequencer: require.resolve('./test/longest-first.js'),
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/slow/'],
    },
    { ...common, displayName: 'slow', testMatch: ['<rootDir>/test/slow/**/*.test.ts'] },
  ],
};
