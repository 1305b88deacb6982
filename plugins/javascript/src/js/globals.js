// What the code sees beside the language: console, timers, process, and the parts that are made when
// they are first used. Runs in the code's realm.
(function (kernel, host) {
  'use strict';
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

  function lazy(name, part) {
    const settle = (value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
    Object.defineProperty(globalThis, name, {
      get() {
        const value = host.part(part)[name];
        settle(value);
        return value;
      },
      set: settle,
      configurable: true,
      enumerable: false,
    });
  }

  const write = (stream, text) => host.write(stream, String(text).toWellFormed());

  // console
  let indentation = '';
  const counts = new Map();
  const marks = new Map();
  function print(stream, text) {
    if (indentation !== '') text = indentation + text.replaceAll('\n', `\n${indentation}`);
    write(stream, `${text}\n`);
  }
  // Most of what is printed is one text, for which nothing has to be loaded.
  const show = (args) => (args.length === 1 && typeof args[0] === 'string' ? args[0] : kernel.format(args));
  const log = (...args) => print(1, show(args));
  const error = (...args) => print(2, show(args));
  const elapsed = (since) => {
    const ms = host.now() - since;
    return ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${Number(ms.toFixed(3))}ms`;
  };
  const group = (...args) => {
    if (args.length > 0) log(...args);
    indentation += '  ';
  };
  const console = {
    log, error, warn: error, info: log, debug: log,
    dir: (value, options) => print(1, kernel.inspect(value, { customInspect: false, ...options })),
    dirxml: log,
    trace: (...args) => {
      const stack = new Error().stack.split('\n').slice(1).join('\n');
      print(2, `Trace${args.length ? ': ' : ''}${kernel.format(args)}\n${stack}`);
    },
    assert: (condition, ...args) => {
      if (condition) return;
      if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
      else args.unshift('Assertion failed');
      error(...args);
    },
    count: (label = 'default') => {
      label = `${label}`;
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => counts.delete(`${label}`),
    group, groupCollapsed: group,
    groupEnd: () => { indentation = indentation.slice(2); },
    time: (label = 'default') => { marks.set(`${label}`, host.now()); },
    timeEnd: (label = 'default') => {
      if (marks.has(`${label}`)) log('%s: %s', label, elapsed(marks.get(`${label}`)));
      marks.delete(`${label}`);
    },
    timeLog: (label = 'default', ...args) => {
      if (marks.has(`${label}`)) log('%s: %s', label, elapsed(marks.get(`${label}`)), ...args);
    },
    table: (data, columns) => {
      if (data === null || typeof data !== 'object') return log(data);
      return log(host.part('table').table(data, columns));
    },
  };
  define('console', console);

  // Timers
  class Timeout {
    #timer;
    constructor(timer) {
      this.#timer = timer;
      timer.handle = this;
      Object.defineProperty(this, 'id', { value: timer.id });
    }
    ref() { this.#timer.isUnreferenced = false; return this; }
    unref() { this.#timer.isUnreferenced = true; return this; }
    hasRef() { return !this.#timer.isUnreferenced; }
    close() { kernel.clear(this.#timer); return this; }
    refresh() { return this; }
    [Symbol.toPrimitive]() { return this.#timer.id; }
    [Symbol.dispose]() { this.close(); }
  }
  function callback(f) {
    if (typeof f === 'function') return f;
    const error = new TypeError(`The "callback" argument must be of type function. Received ${kernel.inspect(f)}`);
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }
  define('setTimeout', function setTimeout(f, delay, ...args) {
    return new Timeout(kernel.setTimer(callback(f), delay, args, false));
  });
  define('setInterval', function setInterval(f, delay, ...args) {
    return new Timeout(kernel.setTimer(callback(f), delay, args, true));
  });
  define('setImmediate', function setImmediate(f, ...args) {
    return new Timeout(kernel.setImmediate(callback(f), args));
  });
  const clear = (timer) => { if (timer !== undefined && timer !== null) kernel.clear(timer); };
  define('clearTimeout', function clearTimeout(timer) { clear(timer); });
  define('clearInterval', function clearInterval(timer) { clear(timer); });
  define('clearImmediate', function clearImmediate(timer) { clear(timer); });

  // process
  const stream = (number) => ({
    write(text, encoding, done) {
      write(number, typeof text === 'string' ? text : host.part('encoding').text(text));
      const then = typeof encoding === 'function' ? encoding : done;
      if (then) process.nextTick(then);
      return true;
    },
    end(text) { if (text !== undefined) this.write(text); },
    on() { return this; },
    once() { return this; },
    emit() { return false; },
    isTTY: false, columns: 80, fd: number, writable: true,
  });
  let started = 0;
  const process = {
    argv: ['loom', host.codeName], argv0: 'loom', execArgv: [], env: {}, pid: 1, ppid: 0,
    platform: 'wasi', arch: 'wasm32', version: 'v0.0.0', versions: { quickjs: host.engine }, title: 'loom',
    exitCode: undefined, stdout: stream(1), stderr: stream(2),
    cwd: () => host.cwd(),
    exit: (status) => {
      host.exit(status === undefined ? Number(process.exitCode ?? 0) : Number(status));
      // Until the interpreter looks whether it has to stop: nothing can catch that.
      for (;;);
    },
    nextTick: (f, ...args) => kernel.nextTick(callback(f), args),
    uptime: () => (host.now() - started) / 1000,
    memoryUsage: () => host.memory(),
    emitWarning: (warning) => error(`Warning: ${warning?.message ?? warning}`),
    on(event, f) {
      if (event === 'exit' || event === 'beforeExit') kernel.atExit(f);
      return this;
    },
    once(event, f) { return this.on(event, f); },
    off() { return this; },
    emit() { return false; },
  };
  process.hrtime = (before) => {
    const now = host.now();
    let seconds = Math.floor(now / 1000);
    let nanoseconds = Math.floor((now % 1000) * 1e6);
    if (before) {
      seconds -= before[0];
      nanoseconds -= before[1];
      if (nanoseconds < 0) { seconds--; nanoseconds += 1e9; }
    }
    return [seconds, nanoseconds];
  };
  process.hrtime.bigint = () => BigInt(Math.floor(host.now() * 1e6));
  Object.defineProperty(process, 'stdin', { get: () => host.part('stdin').stdin, enumerable: true, configurable: true });
  process[Symbol.toStringTag] = 'process';
  define('process', process);
  define('global', globalThis);
  define('performance', { now: () => host.now() - started, timeOrigin: 0, toJSON() { return { timeOrigin: this.timeOrigin }; } });

  define('queueMicrotask', function queueMicrotask(f) {
    callback(f);
    Promise.resolve().then(() => {
      try {
        f();
      } catch (error) {
        host.uncaught(error);
      }
    });
  });
  define('require', host.part('require').require(host.codeName));
  define('module', { exports: {} });
  define('exports', globalThis.module.exports);
  define('__filename', host.codeName);
  Object.defineProperty(globalThis, '__dirname', { get: () => host.cwd(), configurable: true, enumerable: false });

  for (const [part, names] of Object.entries({
    url: ['URL', 'URLSearchParams'],
    encoding: ['TextEncoder', 'TextDecoder', 'atob', 'btoa'],
    events: ['Event', 'EventTarget', 'CustomEvent', 'AbortController', 'AbortSignal', 'DOMException'],
    buffer: ['Buffer'],
    blob: ['Blob', 'File'],
    clone: ['structuredClone'],
    crypto: ['crypto'],
    fetch: ['fetch', 'Headers', 'Request', 'Response'],
  })) for (const name of names) lazy(name, part);
  for (const [name, methods] of [['Number', ['toLocaleString']], ['BigInt', ['toLocaleString']], ['String', ['localeCompare']], ['Date', ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']]]) {
    const { prototype } = globalThis[name];
    for (const method of methods) {
      const value = { [method](...args) {
        host.part('locale').install();
        return prototype[method].apply(this, args);
      } }[method];
      Object.defineProperty(prototype, method, { value, writable: true, configurable: true, enumerable: false });
    }
  }
  // What `import.meta` is in a script.
  const meta = { get url() { return `file://${host.cwd()}/${host.codeName}`; }, get dirname() { return host.cwd(); }, get filename() { return `${host.cwd()}/${host.codeName}`; }, resolve: (name) => `file://${host.resolve(host.codeName, name)}`, main: true };
  Object.defineProperty(globalThis, 'import_meta', { value: meta, configurable: true, enumerable: false });
  // The engine's own has its seed from when the realm was made.
  const random = host.chance;
  Object.setPrototypeOf(random, Function.prototype);
  Object.defineProperty(random, 'name', { value: 'random', configurable: true });
  Object.defineProperty(Math, 'random', { value: random, writable: true, configurable: true, enumerable: false });
  // What an interpreter that was made earlier, perhaps on another machine, must not have from then.
  kernel.wake = () => {
    started = host.now();
    process.env = host.environment();
    globalThis.performance.timeOrigin = Date.now();
  };
  // Makes what is otherwise made when it is first used.
  kernel.prepare = () => {
    for (const name of host.partNames) host.part(name);
    for (const name of kernel.later) void kernel[name];
  };
  // Evaluates in this realm, whoever calls it.
  kernel.evaluate = (text, name) => host.evaluate(text, name);
});
