// node's Buffer: bytes with encodings.
(function (kernel, host) {
  'use strict';
  const encoding = host.part('encoding');
  const label = (name) => {
    const known = { utf8: 'utf8', 'utf-8': 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url', latin1: 'latin1', binary: 'latin1', ascii: 'ascii', utf16le: 'utf16le', 'utf-16le': 'utf16le', ucs2: 'utf16le', 'ucs-2': 'utf16le' }[`${name ?? 'utf8'}`.toLowerCase()];
    if (known === undefined) throw Object.assign(new TypeError(`Unknown encoding: ${name}`), { code: 'ERR_UNKNOWN_ENCODING' });
    return known;
  };

  function bytesOf(text, name) {
    switch (label(name)) {
      case 'hex': {
        const pairs = /^(?:[0-9a-fA-F]{2})*/.exec(text)[0];
        return Uint8Array.fromHex(pairs);
      }
      case 'base64':
      case 'base64url': {
        let plain = text.replace(/[^A-Za-z0-9+/_-]/g, '').replaceAll('-', '+').replaceAll('_', '/');
        if (plain.length % 4 === 1) plain = plain.slice(0, -1);
        return Uint8Array.fromBase64(plain, { lastChunkHandling: 'loose' });
      }
      case 'latin1':
      case 'ascii': return Uint8Array.from(text, (c) => c.charCodeAt(0));
      case 'utf16le': {
        const codes = new Uint16Array(text.length);
        for (let i = 0; i < text.length; i++) codes[i] = text.charCodeAt(i);
        return new Uint8Array(codes.buffer);
      }
      default: return encoding.encode(text);
    }
  }
  function textOf(bytes, name) {
    switch (label(name)) {
      case 'hex': return Uint8Array.prototype.toHex.call(bytes);
      case 'base64': return encoding.toBase64(bytes);
      case 'base64url': return encoding.toBase64(bytes, { alphabet: 'base64url', omitPadding: true });
      case 'latin1': return encoding.units(bytes, 1);
      case 'ascii': return encoding.units(bytes.map((byte) => byte & 127), 1);
      case 'utf16le': return encoding.units(bytes, 2);
      default: return encoding.utf8(bytes);
    }
  }

  class Buffer extends Uint8Array {
    static poolSize = 8192;
    static from(data, second, third) {
      if (typeof data === 'string') return Buffer.#of(bytesOf(data, second));
      if (data instanceof ArrayBuffer || kernel.is.arrayBuffer(data) || kernel.is.sharedBuffer(data)) return new Buffer(data, second, third);
      if (ArrayBuffer.isView(data)) return Buffer.#of(data instanceof DataView ? encoding.view(data) : Uint8Array.from(data));
      if (data?.type === 'Buffer' && Array.isArray(data.data)) return Buffer.#of(Uint8Array.from(data.data));
      if (data !== null && typeof data === 'object' && typeof data.length === 'number') return Buffer.#of(Uint8Array.from(Array.from(data)));
      if (typeof data?.valueOf === 'function' && data.valueOf() !== data && data.valueOf() != null) return Buffer.from(data.valueOf(), second, third);
      const error = new TypeError(`The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received ${kernel.inspect(data)}`);
      error.code = 'ERR_INVALID_ARG_TYPE';
      throw error;
    }
    static #of(bytes) { return new Buffer(bytes.buffer, bytes.byteOffset, bytes.byteLength); }
    static alloc(size, fill, name) {
      const buffer = new Buffer(size);
      return fill === undefined ? buffer : buffer.fill(fill, name);
    }
    static allocUnsafe(size) { return new Buffer(size); }
    static allocUnsafeSlow(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static isEncoding(name) {
      try {
        label(name);
        return typeof name === 'string';
      } catch {
        return false;
      }
    }
    static byteLength(data, name) { return typeof data === 'string' ? bytesOf(data, name).length : data.byteLength; }
    static compare(a, b) { return Buffer.prototype.compare.call(a, b); }
    static concat(list, total = list.reduce((sum, each) => sum + each.length, 0)) {
      const all = Buffer.alloc(total);
      let at = 0;
      for (const each of list) {
        if (at >= total) break;
        all.set(each.subarray(0, total - at), at);
        at += each.length;
      }
      return all;
    }
    toString(name, start = 0, end = this.length) { return textOf(new Uint8Array(this.buffer, this.byteOffset, this.length).subarray(Math.max(0, start), end), name); }
    toLocaleString(name) { return this.toString(name); }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    equals(other) { return this.compare(other) === 0; }
    compare(other) {
      const shorter = Math.min(this.length, other.length);
      for (let i = 0; i < shorter; i++) if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
      return Math.sign(this.length - other.length);
    }
    slice(start, end) { return this.subarray(start, end); }
    write(text, offset = 0, length = this.length - offset, name = 'utf8') {
      if (typeof offset === 'string') [offset, length, name] = [0, this.length, offset];
      else if (typeof length === 'string') [length, name] = [this.length - offset, length];
      const bytes = bytesOf(text, name).subarray(0, Math.min(length, this.length - offset));
      this.set(bytes, offset);
      return bytes.length;
    }
    fill(value, start, end, name) {
      if (typeof start === 'string') [start, end, name] = [0, this.length, start];
      if (typeof value !== 'string' && !ArrayBuffer.isView(value)) return super.fill(value, start, end);
      const bytes = typeof value === 'string' ? bytesOf(value, name) : value;
      if (bytes.length === 0) return super.fill(0, start, end);
      for (let i = start ?? 0; i < (end ?? this.length); i++) this[i] = bytes[(i - (start ?? 0)) % bytes.length];
      return this;
    }
    copy(target, at = 0, start = 0, end = this.length) {
      const bytes = this.subarray(start, Math.min(end, start + target.length - at));
      target.set(bytes, at);
      return bytes.length;
    }
    indexOf(value, from = 0, name) {
      if (typeof value === 'number') return super.indexOf(value, from);
      const bytes = typeof value === 'string' ? bytesOf(value, name) : value;
      for (let i = Math.max(0, from < 0 ? this.length + from : from); i + bytes.length <= this.length; i++) {
        let same = 0;
        while (same < bytes.length && this[i + same] === bytes[same]) same++;
        if (same === bytes.length) return i;
      }
      return -1;
    }
    includes(value, from, name) { return this.indexOf(value, from, name) >= 0; }
    swap16() {
      for (let i = 0; i + 1 < this.length; i += 2) [this[i], this[i + 1]] = [this[i + 1], this[i]];
      return this;
    }
    readUIntBE(at, count) { return this.subarray(at, at + count).reduce((sum, byte) => sum * 256 + byte, 0); }
    readUIntLE(at, count) { return this.subarray(at, at + count).reduceRight((sum, byte) => sum * 256 + byte, 0); }
  }
  const check = (buffer, at, size) => {
    if (at < 0 || at + size > buffer.length) throw Object.assign(new RangeError(`The value of "offset" is out of range. It must be >= 0 and <= ${buffer.length - size}. Received ${at}`), { code: 'ERR_OUT_OF_RANGE' });
    return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  };
  const method = (name, f) => Object.defineProperty(Buffer.prototype, name, { value: f, writable: true, configurable: true });
  for (const [name, view, size] of [['UInt8', 'Uint8', 1], ['Int8', 'Int8', 1], ['UInt16', 'Uint16', 2], ['Int16', 'Int16', 2], ['UInt32', 'Uint32', 4], ['Int32', 'Int32', 4], ['BigInt64', 'BigInt64', 8], ['BigUInt64', 'BigUint64', 8], ['Float', 'Float32', 4], ['Double', 'Float64', 8]]) {
    for (const order of size === 1 ? [''] : ['LE', 'BE']) {
      const read = function (at = 0) { return check(this, at, size)[`get${view}`](at, order === 'LE'); };
      const write = function (value, at = 0) {
        check(this, at, size)[`set${view}`](at, value, order === 'LE');
        return at + size;
      };
      for (const spelled of new Set([name, name.replace('UI', 'Ui')])) {
        method(`read${spelled}${order}`, read);
        method(`write${spelled}${order}`, write);
      }
    }
  }
  return { Buffer };
});
