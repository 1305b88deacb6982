// Events: EventTarget and its kind, AbortController, and node's EventEmitter.
(function (kernel) {
  'use strict';
  const CODES = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidCharacterError: 5, InvalidStateError: 11, SyntaxError: 12, NetworkError: 19, AbortError: 20, QuotaExceededError: 22, TimeoutError: 23, DataCloneError: 25 };
  class DOMException extends Error {
    #name;
    constructor(message = '', options = 'Error') {
      super(message, typeof options === 'object' && 'cause' in options ? { cause: options.cause } : undefined);
      this.#name = typeof options === 'object' ? options.name ?? 'Error' : `${options}`;
      const end = this.stack.indexOf('\n');
      const rest = end < 0 ? '' : this.stack.slice(end);
      Object.defineProperty(this, 'stack', { value: `${this.#name}: ${message}${rest}`, configurable: true, writable: true });
    }
    get name() { return this.#name; }
    get code() { return CODES[this.#name] ?? 0; }
  }

  class Event {
    #prevented = false;
    constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
      Object.assign(this, { type: `${type}`, bubbles, cancelable, composed, target: null, currentTarget: null, timeStamp: performance.now() });
      Object.defineProperty(this, 'stopped', { value: false, writable: true, enumerable: false });
    }
    get defaultPrevented() { return this.#prevented; }
    preventDefault() { if (this.cancelable) this.#prevented = true; }
    stopPropagation() {}
    stopImmediatePropagation() { this.stopped = true; }
  }
  class CustomEvent extends Event {
    constructor(type, options = {}) {
      super(type, options);
      this.detail = options.detail ?? null;
    }
  }

  class EventTarget {
    #listeners = new Map();
    addEventListener(type, listener, options = {}) {
      if (listener === null || listener === undefined) return;
      const { once = false, signal } = typeof options === 'object' ? options : {};
      if (signal?.aborted) return;
      const list = this.#listeners.get(type) ?? [];
      if (list.some((each) => each.listener === listener)) return;
      list.push({ listener, once });
      this.#listeners.set(type, list);
      signal?.addEventListener('abort', () => this.removeEventListener(type, listener), { once: true });
    }
    removeEventListener(type, listener) {
      const list = this.#listeners.get(type) ?? [];
      this.#listeners.set(type, list.filter((each) => each.listener !== listener));
    }
    dispatchEvent(event) {
      if (!(event instanceof Event)) throw new TypeError('The "event" argument must be an instance of Event.');
      event.target = event.currentTarget = this;
      for (const { listener, once } of [...(this.#listeners.get(event.type) ?? [])]) {
        if (once) this.removeEventListener(event.type, listener);
        try {
          if (typeof listener === 'function') listener.call(this, event);
          else listener.handleEvent(event);
        } catch (error) {
          process.nextTick(() => { throw error; });
        }
        if (event.stopped) break;
      }
      return !event.defaultPrevented;
    }
  }

  class AbortSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    onabort = null;
    throwIfAborted() { if (this.aborted) throw this.reason; }
    static abort(reason) {
      const controller = new AbortController();
      controller.abort(reason);
      return controller.signal;
    }
    static timeout(ms) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms).unref();
      return controller.signal;
    }
    static any(signals) {
      const controller = new AbortController();
      for (const signal of signals) {
        if (signal.aborted) {
          controller.abort(signal.reason);
          break;
        }
        signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
      }
      return controller.signal;
    }
  }
  class AbortController {
    signal = new AbortSignal();
    abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
      if (this.signal.aborted) return;
      this.signal.aborted = true;
      this.signal.reason = reason;
      const event = new Event('abort');
      this.signal.onabort?.(event);
      this.signal.dispatchEvent(event);
    }
  }

  class EventEmitter {
    #listeners = new Map();
    #add(name, listener, first, once) {
      if (typeof listener !== 'function') throw new TypeError(`The "listener" argument must be of type function. Received ${kernel.inspect(listener)}`);
      if (this.#listeners.has('newListener')) this.emit('newListener', name, listener);
      const list = this.#listeners.get(name) ?? [];
      list[first ? 'unshift' : 'push']({ listener, once });
      this.#listeners.set(name, list);
      return this;
    }
    on(name, listener) { return this.#add(name, listener, false, false); }
    addListener(name, listener) { return this.on(name, listener); }
    once(name, listener) { return this.#add(name, listener, false, true); }
    prependListener(name, listener) { return this.#add(name, listener, true, false); }
    prependOnceListener(name, listener) { return this.#add(name, listener, true, true); }
    off(name, listener) {
      const list = [...(this.#listeners.get(name) ?? [])];
      const at = list.findLastIndex((each) => each.listener === listener);
      if (at >= 0) list.splice(at, 1);
      if (list.length > 0) this.#listeners.set(name, list);
      else this.#listeners.delete(name);
      return this;
    }
    removeListener(name, listener) { return this.off(name, listener); }
    removeAllListeners(name) {
      if (name === undefined) this.#listeners.clear();
      else this.#listeners.delete(name);
      return this;
    }
    emit(name, ...args) {
      const list = this.#listeners.get(name) ?? [];
      if (list.length === 0) {
        if (name !== 'error') return false;
        if (args[0] instanceof Error) throw args[0];
        throw new Error(`Unhandled error. (${kernel.inspect(args[0])})`);
      }
      for (const { listener, once } of [...list]) {
        if (once) this.off(name, listener);
        listener.apply(this, args);
      }
      return true;
    }
    listeners(name) { return (this.#listeners.get(name) ?? []).map((each) => each.listener); }
    rawListeners(name) { return this.listeners(name); }
    listenerCount(name) { return (this.#listeners.get(name) ?? []).length; }
    eventNames() { return [...this.#listeners.keys()]; }
    setMaxListeners() { return this; }
    getMaxListeners() { return 10; }
  }
  EventEmitter.EventEmitter = EventEmitter;
  EventEmitter.default = EventEmitter;
  EventEmitter.once = (emitter, name) => new Promise((resolve, reject) => {
    emitter.once(name, (...args) => resolve(args));
    if (name !== 'error') emitter.once('error', reject);
  });
  return { Event, EventTarget, CustomEvent, AbortController, AbortSignal, DOMException, EventEmitter };
});
