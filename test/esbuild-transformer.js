// Turns TypeScript into CommonJS for jest with the compiler that also bundles the functions.
const { createHash } = require('node:crypto');
const esbuild = require('esbuild');

const options = { loader: 'ts', format: 'cjs', target: 'node20', sourcemap: 'inline' };

module.exports = {
  process: (source, sourcefile) => ({ code: esbuild.transformSync(source, { ...options, sourcefile }).code }),
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(JSON.stringify([esbuild.version, options, path]))
      .update(source)
      .digest('hex'),
};
