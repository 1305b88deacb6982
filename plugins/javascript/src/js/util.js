// node's util.
(function (kernel, host) {
  'use strict';
  const { is } = kernel;
  const inspect = (value, options, ...old) => kernel.inspect(value, typeof options === 'boolean' ? { showHidden: options, depth: old[0] } : options);
  inspect.custom = Symbol.for('nodejs.util.inspect.custom');
  inspect.defaultOptions = { depth: 2, maxArrayLength: 100, maxStringLength: 10000, breakLength: 80, compact: 3 };
  const CUSTOM = Symbol.for('nodejs.util.promisify.custom');
  function promisify(f) {
    if (typeof f !== 'function') throw Object.assign(new TypeError(`The "original" argument must be of type function. Received ${inspect(f)}`), { code: 'ERR_INVALID_ARG_TYPE' });
    if (f === setTimeout) return host.part('timers').timers.promises.setTimeout;
    if (f === setImmediate) return host.part('timers').timers.promises.setImmediate;
    if (f[CUSTOM]) return f[CUSTOM];
    return function (...args) {
      return new Promise((resolve, reject) => f.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value))));
    };
  }
  promisify.custom = CUSTOM;

  function equal(a, b, strict, seen = new Map()) {
    if (strict ? Object.is(a, b) : a == b || (Number.isNaN(a) && Number.isNaN(b))) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (seen.get(a) === b) return true;
    seen.set(a, b);
    if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    if (is.date(a) && a.getTime() !== b.getTime()) return false;
    if (is.regexp(a) && String(a) !== String(b)) return false;
    if (is.error(a) && (a.message !== b.message || a.name !== b.name)) return false;
    for (const kind of ['number', 'string', 'boolean', 'bigint']) if (is[kind](a) && !Object.is(a.valueOf(), b.valueOf())) return false;
    if (is.set(a)) {
      if (a.size !== b.size) return false;
      return [...a].every((item) => b.has(item) || [...b].some((other) => equal(item, other, strict, seen)));
    }
    if (is.map(a)) {
      if (a.size !== b.size) return false;
      return [...a].every(([key, item]) => (b.has(key) ? equal(item, b.get(key), strict, seen) : [...b].some(([other, value]) => equal(key, other, strict, seen) && equal(item, value, strict, seen))));
    }
    if (is.arrayBuffer(a)) return equal(new Uint8Array(a), new Uint8Array(b), strict, seen);
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    return keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key], strict, seen));
  }

  const kindOf = (value) => Object.prototype.toString.call(value).slice(8, -1);
  const types = {
    isDate: is.date, isRegExp: is.regexp, isMap: is.map, isSet: is.set, isPromise: is.promise, isNativeError: is.error,
    isTypedArray: is.typed, isArrayBuffer: is.arrayBuffer, isAnyArrayBuffer: (v) => is.arrayBuffer(v) || is.sharedBuffer(v), isDataView: is.dataView,
    isProxy: (v) => kernel.proxyTarget(v) !== undefined, isWeakMap: is.weakMap, isWeakSet: is.weakSet,
    isUint8Array: (v) => v instanceof Uint8Array,
    isAsyncFunction: (v) => kindOf(v) === 'AsyncFunction' || kindOf(v) === 'AsyncGeneratorFunction',
    isGeneratorFunction: (v) => kindOf(v) === 'GeneratorFunction' || kindOf(v) === 'AsyncGeneratorFunction',
    isGeneratorObject: (v) => kindOf(v) === 'Generator',
    isBoxedPrimitive: (v) => is.number(Object(v)) && typeof v === 'object',
  };
  const util = {
    inspect, format: (...args) => kernel.format(args), formatWithOptions: (options, ...args) => kernel.format(args),
    promisify, types, isDeepStrictEqual: (a, b) => equal(a, b, true),
    callbackify: (f) => (...args) => {
      const done = args.pop();
      f(...args).then((value) => process.nextTick(done, null, value), (error) => process.nextTick(done, error));
    },
    inherits: (constructor, parent) => {
      Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true });
      Object.setPrototypeOf(constructor.prototype, parent.prototype);
    },
    deprecate: (f, message) => {
      let told = false;
      return function (...args) {
        if (!told) console.error(`DeprecationWarning: ${message}`);
        told = true;
        return f.apply(this, args);
      };
    },
    stripVTControlCharacters: (text) => text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, ''),
    toUSVString: (text) => `${text}`.toWellFormed(),
    styleText: (style, text) => text,
    debuglog: () => () => {},
    isArray: Array.isArray,
    get TextEncoder() { return globalThis.TextEncoder; },
    get TextDecoder() { return globalThis.TextDecoder; },
    parseArgs: () => { throw new Error('util.parseArgs is not there: code has no command line; use files or stdin'); },
  };
  util.default = util;
  return { util, equal };
});
