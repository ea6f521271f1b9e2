// Two lanes: `unit` is the whole of `npm test`; `slow` needs time, Python, a browser or an emulator.
const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '\\.ts$': '<rootDir>/test/esbuild-transformer.js' },
  modulePathIgnorePatterns: [
    '<rootDir>/build/',
    '<rootDir>/cdk.out/',
    '<rootDir>/dist/',
    '<rootDir>/examples/',
  ],
  setupFiles: ['<rootDir>/test/environment.js'],
};

module.exports = {
  // A machine that is busy with other things is no failure.
  testTimeout: 30_000,
  // jest would leave one core idle: on two cores that is half of them.
  maxWorkers: '100%',
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
