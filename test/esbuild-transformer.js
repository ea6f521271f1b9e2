// Compiles TypeScript to CommonJS for jest with esbuild, which also bundles the functions.
const { createHash } = require('node:crypto');
const esbuild = require('esbuild');

// jest does not support `import()`, so it becomes a `require`.
const supported = { 'dynamic-import': false };
const options = { loader: 'ts', format: 'cjs', target: 'node20', sourcemap: 'inline', supported };

module.exports = {
  process: (source, sourcefile) => ({ code: esbuild.transformSync(source, { ...options, sourcefile }).code }),
  getCacheKey: (source, path) =>
    createHash('sha256')
      .update(JSON.stringify([esbuild.version, options, path]))
      .update(source)
      .digest('hex'),
};
