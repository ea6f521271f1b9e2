// Creates the folder in which the test files of a run share synthesized apps, and removes it afterwards.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  process.env.SHARED_SYNTHESES = mkdtempSync(join(tmpdir(), 'shared-syntheses-'));
  process.once('exit', () => rmSync(process.env.SHARED_SYNTHESES, { recursive: true, force: true }));
};
