/**
 * The order of test files: those that take long begin first, also in a fresh clone, where jest does not know yet how long each
 * takes. Begun last, they would run alone at the end.
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
