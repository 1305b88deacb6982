// Text and bytes: TextEncoder, TextDecoder, atob, btoa, and what Buffer and files need of it.
(function (kernel, host) {
  'use strict';
  const view = (data) => {
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (data instanceof ArrayBuffer || kernel.is.arrayBuffer(data) || kernel.is.sharedBuffer(data)) return new Uint8Array(data);
    throw new TypeError(`The argument must be an ArrayBuffer or a view of one. Received ${kernel.inspect(data)}`);
  };
  const toBase64 = (bytes, options) => Uint8Array.prototype.toBase64.call(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), options);
  const encode = (text) => new Uint8Array(host.encode(String(text).toWellFormed()));
  const PIECE = 8192;

  function units(bytes, width) {
    let text = '';
    const codes = width === 1 ? bytes : new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer);
    for (let i = 0; i < codes.length; i += PIECE) text += String.fromCharCode.apply(null, codes.subarray(i, i + PIECE));
    return text;
  }
  const utf8 = (bytes, fatal = false) => host.decode(toBase64(bytes), fatal);

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') { return encode(text); }
    encodeInto(text, target) {
      let read = 0;
      let written = 0;
      for (const character of String(text)) {
        const bytes = encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  const LABELS = new Map([
    ...['utf-8', 'utf8', 'unicode-1-1-utf-8'].map((label) => [label, 'utf-8']),
    ...['utf-16le', 'utf-16', 'ucs-2', 'unicode'].map((label) => [label, 'utf-16le']),
    ...['latin1', 'iso-8859-1', 'ascii', 'us-ascii', 'windows-1252', 'l1'].map((label) => [label, 'windows-1252']),
  ]);
  // What windows-1252 has where Latin-1 has control characters.
  const WINDOWS = '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

  // Bytes at the end that begin a character of UTF-8 which is not complete.
  function unfinished(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back];
      if ((byte & 0xc0) === 0x80) continue;
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      return length > back ? back : 0;
    }
    return 0;
  }

  class TextDecoder {
    #kept = new Uint8Array(0);
    #started = false;
    constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
      const encoding = LABELS.get(String(label).trim().toLowerCase());
      if (encoding === undefined) {
        const error = new RangeError(`The "${label}" encoding is not supported: there are utf-8, utf-16le and latin1`);
        error.code = 'ERR_ENCODING_NOT_SUPPORTED';
        throw error;
      }
      Object.assign(this, { encoding, fatal: Boolean(fatal), ignoreBOM: Boolean(ignoreBOM) });
    }
    decode(data = new Uint8Array(0), { stream = false } = {}) {
      let bytes = view(data);
      if (this.#kept.length > 0) {
        const all = new Uint8Array(this.#kept.length + bytes.length);
        all.set(this.#kept);
        all.set(bytes, this.#kept.length);
        bytes = all;
      }
      let keep = 0;
      if (stream) keep = this.encoding === 'utf-8' ? unfinished(bytes) : this.encoding === 'utf-16le' ? bytes.length % 2 : 0;
      this.#kept = bytes.slice(bytes.length - keep);
      let text = this.#text(bytes.subarray(0, bytes.length - keep));
      if (!this.#started && !this.ignoreBOM && text.startsWith('\ufeff')) text = text.slice(1);
      this.#started = stream && (this.#started || text !== '');
      return text;
    }
    #text(bytes) {
      const invalid = () => {
        const error = new TypeError(`The encoded data was not valid for encoding ${this.encoding}`);
        error.code = 'ERR_ENCODING_INVALID_ENCODED_DATA';
        return error;
      };
      if (this.encoding === 'utf-8') {
        const text = utf8(bytes, this.fatal);
        if (text === undefined || text === null) throw invalid();
        return text;
      }
      if (this.encoding === 'utf-16le') {
        const text = units(bytes, 2) + (bytes.length % 2 ? '\ufffd' : '');
        if (this.fatal && !text.isWellFormed()) throw invalid();
        return text.toWellFormed();
      }
      return units(bytes, 1).replace(/[\x80-\x9f]/g, (c) => WINDOWS[c.charCodeAt(0) - 0x80]);
    }
  }

  function domError(message) {
    return new globalThis.DOMException(message, 'InvalidCharacterError');
  }
  function btoa(text) {
    const binary = `${text}`;
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) {
      const code = binary.charCodeAt(i);
      if (code > 255) throw domError('Invalid character: btoa takes characters up to U+00FF; encode text with TextEncoder first');
      bytes[i] = code;
    }
    return toBase64(bytes);
  }
  function atob(text) {
    let plain = `${text}`.replace(/[\t\n\f\r ]/g, '');
    if (plain.length % 4 === 0) plain = plain.replace(/==?$/, '');
    if (plain.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(plain)) throw domError('The string to be decoded is not correctly encoded.');
    return units(Uint8Array.fromBase64(plain), 1);
  }

  // What is written to a stream or a file as it is given: text, or bytes of UTF-8.
  const text = (data) => (typeof data === 'string' ? data : ArrayBuffer.isView(data) ? utf8(data) : String(data));

  class StringDecoder {
    #decoder;
    constructor(encoding = 'utf8') { this.#decoder = new TextDecoder(encoding); }
    write(bytes) { return this.#decoder.decode(bytes, { stream: true }); }
    end(bytes) { return this.#decoder.decode(bytes ?? new Uint8Array(0)); }
  }
  return { TextEncoder, TextDecoder, atob, btoa, text, view, toBase64, encode, utf8, units, decoder: { StringDecoder } };
});
