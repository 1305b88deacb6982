// `require`: the parts that are modules, and files. One cache for all.
(function (kernel, host) {
  'use strict';
  const cache = new Map();
  const part = (name) => host.part(name);
  const builtIn = {
    'assert': () => part('assert').assert,
    'assert/strict': () => part('assert').assert.strict,
    'buffer': () => ({ Buffer: globalThis.Buffer, Blob: globalThis.Blob, File: globalThis.File, atob, btoa, constants: { MAX_LENGTH: 2 ** 31 - 1 } }),
    'console': () => Object.assign(console, { Console: undefined }),
    'crypto': () => part('crypto').module,
    'events': () => part('events').EventEmitter,
    'fs': () => part('fs').fs,
    'fs/promises': () => part('fs').fs.promises,
    'module': () => ({ createRequire: (from) => require(String(from).replace(/^file:\/\//, '')), builtinModules: Object.keys(builtIn) }),
    'os': () => part('os').os,
    'path': () => part('path').path,
    'path/posix': () => part('path').path,
    'perf_hooks': () => ({ performance: globalThis.performance }),
    'process': () => globalThis.process,
    'querystring': () => part('querystring').querystring,
    'readline': () => part('readline').readline,
    'readline/promises': () => part('readline').readline.promises,
    'string_decoder': () => part('encoding').decoder,
    'timers': () => part('timers').timers,
    'timers/promises': () => part('timers').timers.promises,
    'url': () => part('url').module,
    'util': () => part('util').util,
  };

  function load(path) {
    const known = cache.get(path);
    if (known) return known.exports;
    const text = host.readModule(path);
    const module = { exports: {}, id: path, filename: path, loaded: false };
    if (path.endsWith('.json')) {
      module.exports = JSON.parse(text);
      cache.set(path, module);
      return module.exports;
    }
    if (path.endsWith('.mjs') || host.isModule(text)) {
      throw new Error(`${path} is an ES module: load it with import or await import(${JSON.stringify(path)})`);
    }
    cache.set(path, module);
    try {
      const body = text.replace(/^#!.*/, '');
      const run = host.evaluate(`(function (exports, require, module, __filename, __dirname) {${body}\n})`, path);
      run.call(module.exports, module.exports, require(path), module, path, path.replace(/\/[^/]*$/, '') || '/');
    } catch (error) {
      cache.delete(path);
      throw error;
    }
    module.loaded = true;
    return module.exports;
  }

  // The `require` of a file.
  function require(base) {
    const own = (name) => {
      if (typeof name !== 'string') throw new TypeError(`The "id" argument must be of type string. Received ${kernel.inspect(name)}`);
      const found = host.resolve(base, name);
      if (!found.startsWith('node:')) return load(found);
      if (!cache.has(found)) cache.set(found, { exports: builtIn[found.slice(5)]() });
      return cache.get(found).exports;
    };
    own.resolve = (name) => host.resolve(base, name);
    own.cache = {};
    return own;
  }
  return { require };
});
