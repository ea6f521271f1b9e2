// Two projects: `unit` is what `npm test` runs; `slow` needs time, Python, a browser or an emulator.
const { availableParallelism } = require('node:os');

const common = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/test/node-environment.js',
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transformer.js' },
  // TypeScript requires that an `import()` names a source file by its compiled extension.
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
  // Long, so that it stops only tests that hang: a busy machine must not fail a test.
  testTimeout: 300_000,
  // By default, jest leaves one core idle, and tests that wait for sockets leave another one idle.
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
