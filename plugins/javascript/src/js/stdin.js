// process.stdin: all of it is there at once.
(function (kernel, host) {
  'use strict';
  const { EventEmitter } = host.part('events');
  // What has not been read yet.
  const take = () => host.stdin();
  class Input extends EventEmitter {
    fd = 0;
    isTTY = false;
    readable = true;
    #flows = false;
    setEncoding() { return this; }
    on(name, listener) {
      super.on(name, listener);
      if (['data', 'end', 'readable', 'close'].includes(name)) this.resume();
      return this;
    }
    resume() {
      if (this.#flows) return this;
      this.#flows = true;
      setImmediate(() => {
        if (this.listenerCount('readable') > 0) this.emit('readable');
        const text = this.listenerCount('data') > 0 ? take() : '';
        if (text !== '') this.emit('data', text);
        this.emit('end');
        this.emit('close');
        this.#flows = false;
      });
      return this;
    }
    pause() { return this; }
    unref() { return this; }
    ref() { return this; }
    pipe(target) {
      target.write(take());
      return target;
    }
    read() { return take() || null; }
    async *[Symbol.asyncIterator]() {
      const text = take();
      if (text !== '') yield text;
    }
  }
  return { stdin: new Input(), take };
});
