// Random numbers and hashes: Web Crypto's and node's names for them.
(function (kernel, host) {
  'use strict';
  const encoding = host.part('encoding');
  const absent = (what, instead) => {
    throw Object.assign(new Error(`${what} is not there: ${instead}`), { code: 'ERR_CRYPTO_UNSUPPORTED' });
  };
  const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
  const hash = (name, bytes) => {
    const plain = name.toLowerCase().replace('-', '');
    return host.hash(plain, encoding.toBase64(bytes)) ?? absent(`The hash ${name}`, `there are ${HASHES.join(', ')}`);
  };
  const random = (count) => new Uint8Array(host.random(count));
  const bytesOf = (data, label) => (typeof data === 'string' ? globalThis.Buffer.from(data, label) : encoding.view(data));

  function getRandomValues(view) {
    if (!ArrayBuffer.isView(view) || view instanceof Float32Array || view instanceof Float64Array) throw new globalThis.DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
    if (view.byteLength > 65536) throw new globalThis.DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
    encoding.view(view).set(random(view.byteLength));
    return view;
  }
  function randomUUID() {
    const bytes = random(16);
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  class Hash {
    #pieces = [];
    #name;
    constructor(name) {
      this.#name = name;
      hash(name, new Uint8Array(0));
    }
    update(data, label) {
      this.#pieces.push(bytesOf(data, label));
      return this;
    }
    digest(label) {
      const digest = globalThis.Buffer.from(hash(this.#name, globalThis.Buffer.concat(this.#pieces)));
      return label === undefined ? digest : digest.toString(label);
    }
  }
  class Hmac {
    #inner;
    #outer;
    #name;
    constructor(name, key) {
      const size = /384|512/.test(name) ? 128 : 64;
      let secret = bytesOf(key);
      if (secret.length > size) secret = new Uint8Array(hash(name, secret));
      const pad = (byte) => Uint8Array.from({ length: size }, (_, i) => (secret[i] ?? 0) ^ byte);
      this.#name = name;
      this.#inner = new Hash(name).update(pad(0x36));
      this.#outer = pad(0x5c);
    }
    update(data, label) {
      this.#inner.update(data, label);
      return this;
    }
    digest(label) { return new Hash(this.#name).update(this.#outer).update(this.#inner.digest()).digest(label); }
  }
  const subtle = {
    digest: async (algorithm, data) => hash(`${algorithm?.name ?? algorithm}`, encoding.view(data)),
  };
  const crypto = { getRandomValues, randomUUID, subtle };
  const module = {
    ...crypto, webcrypto: crypto,
    randomBytes: (count) => globalThis.Buffer.from(random(count)),
    randomInt: (low, high) => {
      if (high === undefined) [low, high] = [0, low];
      const number = random(6).reduce((sum, byte) => sum * 256 + byte, 0);
      return low + (number % (high - low));
    },
    createHash: (name) => new Hash(name),
    createHmac: (name, key) => new Hmac(name, key),
    getHashes: () => [...HASHES],
    timingSafeEqual: (a, b) => encoding.view(a).every((byte, i) => byte === encoding.view(b)[i]) && a.byteLength === b.byteLength,
    createCipheriv: () => absent('Encryption', 'there are hashes, HMAC and random numbers'),
    createDecipheriv: () => absent('Encryption', 'there are hashes, HMAC and random numbers'),
  };
  return { crypto, module };
});
