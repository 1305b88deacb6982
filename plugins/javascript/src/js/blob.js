// Blob and File: bytes with a media type.
(function (kernel, host) {
  'use strict';
  const encoding = host.part('encoding');
  class Blob {
    #bytes;
    constructor(pieces = [], { type = '' } = {}) {
      const all = Array.from(pieces, (piece) => (piece instanceof Blob ? piece.#bytes : ArrayBuffer.isView(piece) || piece instanceof ArrayBuffer ? encoding.view(piece) : encoding.encode(piece)));
      this.#bytes = new Uint8Array(all.reduce((sum, each) => sum + each.length, 0));
      let at = 0;
      for (const each of all) {
        this.#bytes.set(each, at);
        at += each.length;
      }
      Object.defineProperty(this, 'type', { value: `${type}`.toLowerCase(), enumerable: true });
    }
    get size() { return this.#bytes.length; }
    async text() { return encoding.utf8(this.#bytes); }
    async arrayBuffer() { return this.#bytes.slice().buffer; }
    async bytes() { return this.#bytes.slice(); }
    slice(start, end, type = '') { return new Blob([this.#bytes.slice(start, end)], { type }); }
  }
  class File extends Blob {
    constructor(pieces, name, options = {}) {
      super(pieces, options);
      Object.assign(this, { name: `${name}`, lastModified: options.lastModified ?? Date.now() });
    }
  }
  return { Blob, File };
});
