// node's timers and timers/promises.
(function () {
  'use strict';
  function wait(start, cancel, signal, value) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = start(() => resolve(value));
      signal?.addEventListener('abort', () => {
        cancel(timer);
        reject(signal.reason);
      }, { once: true });
    });
  }
  const promises = {
    setTimeout: (ms, value, { signal } = {}) => wait((f) => setTimeout(f, ms), clearTimeout, signal, value),
    setImmediate: (value, { signal } = {}) => wait((f) => setImmediate(f), clearImmediate, signal, value),
    async *setInterval(ms, value) { for (;;) yield await promises.setTimeout(ms, value); },
    scheduler: { wait: (ms) => promises.setTimeout(ms), yield: () => promises.setImmediate() },
  };
  return { timers: { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, promises } };
});
