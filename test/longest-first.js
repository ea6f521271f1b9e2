/**
 * Starts slow test files first, even in a fresh clone, where jest has no timings yet. If they started last, they
 * would run alone at the end.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const LONG = [/interleavings/, /test\/cli/, /test\/bench/, /test\/runtime/];

function rank({ path }) {
  const index = LONG.findIndex((pattern) => pattern.test(path));
  return index < 0 ? LONG.length : index;
}

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
