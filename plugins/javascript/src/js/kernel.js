// The half of the interpreter that is written in JavaScript and must not be changed by the code that
// it runs: timers, what an uncaught error looks like, which names the code has made. Runs in a realm of
// its own; `code` is the global object of the realm that the code sees.
(function (realm, host, code) {
  'use strict';
  const intrinsics = new Map();
  for (const name of ['Object', 'Array', 'Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError',
    'EvalError', 'URIError', 'Function', 'Promise', 'Map', 'Set', 'Date', 'RegExp', 'Number', 'String',
    'Boolean', 'BigInt', 'Symbol', 'ArrayBuffer', 'DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray',
    'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float16Array', 'Float32Array', 'Float64Array',
    'BigInt64Array', 'BigUint64Array', 'AggregateError']) {
    if (typeof code[name] === 'function') intrinsics.set(name, code[name]);
  }
  const prototypes = new Set();
  for (const constructor of intrinsics.values()) {
    if (constructor.prototype !== undefined) prototypes.add(constructor.prototype);
  }
  realm.intrinsics = intrinsics;
  realm.isError = (value) => host.isError(value);
  realm.promiseState = host.promiseState;
  realm.proxyTarget = host.proxyTarget;
  realm.isBuiltinPrototype = (prototype) => prototypes.has(prototype);

  function property(value, key) {
    try {
      return value[key];
    } catch {
      return undefined;
    }
  }
  realm.property = property;
  const text = (value) => (typeof value === 'string' ? value : undefined);
  realm.errorName = (error) => text(property(error, 'name')) ?? 'Error';
  realm.errorMessage = (error) => text(property(error, 'message')) ?? '';

  // What is large and not always needed is made when it is first used; it puts its own in these places.
  realm.later = [];
  function later(part, names) {
    for (const name of names) {
      realm.later.push(name);
      const settle = (value) => Object.defineProperty(realm, name, { value, writable: true, configurable: true });
      Object.defineProperty(realm, name, {
        get() {
          host.load(part)(realm, host, code);
          return realm[name];
        },
        set: settle,
        configurable: true,
      });
    }
  }
  later('inspect', ['inspect', 'format', 'is', 'className']);
  later('state', ['save', 'restore']);

  // Timers: sorted by time, then by when they were set. `host.now` counts milliseconds.
  let timers = [];
  let immediates = [];
  let ticks = [];
  let atExit = [];
  let lastId = 0;

  function insert(timer) {
    let at = timers.length;
    while (at > 0 && timers[at - 1].at > timer.at) at--;
    timers.splice(at, 0, timer);
  }

  realm.setTimer = (callback, delay, args, repeats) => {
    let wait = Number(delay);
    if (!(wait >= 1 && wait <= 2147483647)) wait = 1;
    const timer = { id: ++lastId, at: host.now() + wait, wait, callback, args, repeats, isSet: true };
    insert(timer);
    return timer;
  };
  realm.setImmediate = (callback, args) => {
    const immediate = { id: ++lastId, callback, args, isSet: true };
    immediates.push(immediate);
    return immediate;
  };
  realm.clear = (timer) => {
    const id = typeof timer === 'object' && timer !== null ? timer.id : Number(timer);
    for (const list of [timers, immediates]) {
      const at = list.findIndex((each) => each.id === id);
      if (at >= 0) {
        list[at].isSet = false;
        list.splice(at, 1);
      }
    }
  };
  realm.nextTick = (callback, args) => {
    ticks.push({ callback, args });
    host.tick();
  };

  // Milliseconds until something is due; -1 if nothing ever is.
  realm.due = () => {
    if (immediates.length > 0) return 0;
    const first = timers.find((timer) => !timer.isUnreferenced);
    if (first === undefined) return -1;
    return Math.max(0, timers[0].at - host.now());
  };
  // Runs what is due next.
  realm.fire = () => {
    const timer = timers[0];
    // One that does not wait goes before what was asked for after it, whatever the clock says.
    const isFirst = timer !== undefined && timer.wait <= 1 && timer.id < (immediates[0]?.id ?? 0);
    if (timer !== undefined && (isFirst || (timer.at <= host.now() && immediates.length === 0))) {
      timers.shift();
      if (timer.repeats) {
        timer.at = host.now() + timer.wait;
        insert(timer);
      }
      return Reflect.apply(timer.callback, timer.handle, timer.args);
    }
    const immediate = immediates.shift();
    if (immediate !== undefined) return Reflect.apply(immediate.callback, undefined, immediate.args);
    return undefined;
  };
  realm.tick = () => {
    const tick = ticks.shift();
    if (tick === undefined) return false;
    Reflect.apply(tick.callback, undefined, tick.args);
    return true;
  };
  realm.clearAll = () => {
    timers = [];
    immediates = [];
    ticks = [];
    atExit = [];
  };

  // Marks a promise as looked after, so that its rejection is told once, as the code's own error.
  const then = code.Promise.prototype.then;
  realm.observe = (promise) => {
    then.call(promise, () => {}, () => {});
  };

  // An uncaught error: its type, message and stack.
  realm.describe = (thrown) => {
    if (!realm.isError(thrown)) {
      const isObject = typeof thrown === 'object' && thrown !== null;
      const message = isObject ? text(property(thrown, 'message')) : undefined;
      return ['Uncaught', message ?? realm.inspect(thrown), ''];
    }
    const name = realm.className(thrown);
    let type = realm.errorName(thrown);
    if (type === 'Error' && name !== null && name !== 'Error') type = name;
    const message = realm.errorMessage(thrown);
    return [type.toWellFormed(), message.toWellFormed(), realm.inspect(thrown).toWellFormed()];
  };

  // What is called at the end of a run that went well.
  realm.atExit = (callback) => atExit.push(callback);
  realm.finish = (value) => {
    const callbacks = atExit;
    atExit = [];
    const status = () => Math.trunc(Number(code.process?.exitCode ?? 0)) | 0;
    for (const callback of callbacks) Reflect.apply(callback, undefined, [status()]);
    const shown = value === undefined ? null : realm.inspect(value).toWellFormed();
    return [shown, status()];
  };

  // `stack` of errors begins with the error itself, as in node, and does not show the interpreter.
  realm.prepareStack = (error, sites) => {
    const name = realm.errorName(error);
    const message = realm.errorMessage(error);
    const lines = [message === '' ? name : name === '' ? message : `${name}: ${message}`];
    for (const site of sites) {
      const file = site.getFileName();
      if (typeof file === 'string' && file.startsWith('loom:')) continue;
      const called = site.getFunctionName();
      const place = site.isNative() ? 'native' : host.place(String(file), site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0);
      const shown = called === null || called === '' || called === '<eval>' || called === '<anonymous>' ? place : `${called} (${place})`;
      lines.push(`    at ${shown}`);
    }
    return lines.join('\n');
  };

  // Names that the code made, in order.
  let known = new Set();
  realm.remember = () => {
    known = new Set(Reflect.ownKeys(code));
  };
  realm.names = () => Reflect.ownKeys(code).filter((key) => !known.has(key));
});
