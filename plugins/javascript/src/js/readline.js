// node's readline on standard input, of which all lines are there from the beginning.
(function (kernel, host) {
  'use strict';
  const { EventEmitter } = host.part('events');
  class Interface extends EventEmitter {
    #lines;
    #prompt = '> ';
    #isClosed = false;
    #asks = 0;
    constructor(input) {
      super();
      const text = typeof input?.read === 'function' ? input.read() ?? '' : host.part('stdin').take();
      this.#lines = String(text).split(/\r?\n/);
      if (this.#lines.at(-1) === '') this.#lines.pop();
      setImmediate(() => this.#flow());
    }
    #flow() {
      if (this.#asks > 0) return;
      while (!this.#isClosed && this.listenerCount('line') > 0 && this.#lines.length > 0) this.emit('line', this.#lines.shift());
      if (this.#lines.length === 0) this.close();
    }
    setPrompt(prompt) { this.#prompt = prompt; }
    prompt() { process.stdout.write(this.#prompt); }
    write() {}
    pause() { return this; }
    resume() { return this; }
    question(text, options, answer = options) {
      process.stdout.write(text);
      this.#asks++;
      setImmediate(() => {
        this.#asks--;
        if (this.#lines.length > 0) answer(this.#lines.shift());
        else this.close();
        if (this.#lines.length === 0 || this.listenerCount('line') > 0) setImmediate(() => this.#flow());
      });
    }
    next() { return this.#lines.shift(); }
    close() {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.emit('close');
    }
    async *[Symbol.asyncIterator]() {
      while (this.#lines.length > 0) yield this.#lines.shift();
      this.close();
    }
  }
  const createInterface = (options) => new Interface(options?.input ?? options);
  const promises = {
    createInterface: (options) => {
      const made = createInterface(options);
      const ask = made.question.bind(made);
      made.question = (text) => new Promise((resolve) => ask(text, resolve));
      return made;
    },
  };
  return { readline: { createInterface, Interface, promises, clearLine: () => {}, cursorTo: () => {} } };
});
