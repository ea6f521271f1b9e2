// Adds up the results of several jest runs and prints one line of counts. Fails if a test was skipped or if a run had
// no tests.
const { readFileSync } = require('node:fs');

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  const result = JSON.parse(readFileSync(file, 'utf8'));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  total.skipped += result.numPendingTests + result.numTodoTests;
  if (result.numPassedTests === 0) total.failed++;
  console.log(`${file}: ${result.numPassedTests} of ${result.numTotalTests} passed`);
}
if (total.skipped > 0) {
  console.log(`${total.skipped} tests were skipped, but every test must run.`);
  total.failed += total.skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
