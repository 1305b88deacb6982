// fetch, over the host's own way to the network, which goes only where it is allowed to.
(function (kernel, host) {
  'use strict';
  const encoding = host.part('encoding');
  const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
  class Headers {
    #map = new Map();
    constructor(init) {
      if (init === undefined || init === null) return;
      const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
      for (const [name, value] of pairs) this.append(name, value);
    }
    static #name(name) {
      const plain = `${name}`.toLowerCase();
      if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(plain)) throw new TypeError(`Headers: ${name} is an invalid header name.`);
      return plain;
    }
    append(name, value) {
      const key = Headers.#name(name);
      const text = `${value}`.trim();
      this.#map.set(key, this.#map.has(key) ? `${this.#map.get(key)}, ${text}` : text);
    }
    set(name, value) { this.#map.set(Headers.#name(name), `${value}`.trim()); }
    get(name) { return this.#map.get(Headers.#name(name)) ?? null; }
    has(name) { return this.#map.has(Headers.#name(name)); }
    delete(name) { this.#map.delete(Headers.#name(name)); }
    forEach(f, self) { for (const [name, value] of this) f.call(self, value, name, this); }
    *entries() { yield* [...this.#map].sort(([a], [b]) => (a < b ? -1 : 1)); }
    *keys() { for (const [name] of this.entries()) yield name; }
    *values() { for (const [, value] of this.entries()) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    [CUSTOM](depth, options, inspect) { return `Headers ${inspect(Object.fromEntries(this), options)}`; }
  }

  function bodyOf(body) {
    if (body === undefined || body === null) return [new Uint8Array(0), undefined];
    if (typeof body === 'string') return [encoding.encode(body), 'text/plain;charset=UTF-8'];
    if (body instanceof globalThis.URLSearchParams) return [encoding.encode(`${body}`), 'application/x-www-form-urlencoded;charset=UTF-8'];
    if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return [encoding.view(body).slice(), undefined];
    return [encoding.encode(`${body}`), 'text/plain;charset=UTF-8'];
  }

  class Body {
    #bytes;
    #used = false;
    constructor(body) {
      const [bytes, type] = bodyOf(body);
      this.#bytes = bytes;
      this.headers = new Headers();
      if (type) this.headers.set('content-type', type);
    }
    get bodyUsed() { return this.#used; }
    take() {
      if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
      this.#used = true;
      return this.#bytes;
    }
    peek() { return this.#bytes; }
    async text() { return encoding.utf8(this.take()); }
    async json() { return JSON.parse(await this.text()); }
    async bytes() { return this.take(); }
    async arrayBuffer() { return this.take().slice().buffer; }
    async blob() { return new globalThis.Blob([this.take()], { type: this.headers.get('content-type') ?? '' }); }
  }
  class Request extends Body {
    constructor(input, { method, headers, body, signal, redirect } = {}) {
      const from = input instanceof Request ? input : undefined;
      super(body ?? from?.peek());
      this.url = new globalThis.URL(from ? from.url : `${input}`).href;
      this.method = `${method ?? from?.method ?? 'GET'}`.toUpperCase();
      for (const [name, value] of new Headers(headers ?? from?.headers)) this.headers.set(name, value);
      this.signal = signal ?? from?.signal;
      this.redirect = redirect ?? from?.redirect ?? 'follow';
      if (body !== undefined && body !== null && ['GET', 'HEAD'].includes(this.method)) throw new TypeError('Request with GET/HEAD method cannot have body.');
    }
  }
  class Response extends Body {
    constructor(body, { status = 200, statusText = '', headers } = {}) {
      super(body);
      Object.assign(this, { status, statusText, ok: status >= 200 && status < 300, redirected: false, type: 'default', url: '' });
      for (const [name, value] of new Headers(headers)) this.headers.set(name, value);
    }
    clone() { return Object.assign(new Response(this.peek(), this), { url: this.url, redirected: this.redirected }); }
    static json(data, init) { return new Response(JSON.stringify(data), { ...init, headers: { 'content-type': 'application/json', ...init?.headers } }); }
    static error() { return Object.assign(new Response(null), { status: 0, ok: false, type: 'error' }); }
  }
  for (const name of ['take', 'peek']) Object.defineProperty(Body.prototype, name, { enumerable: false });

  function failure(request, answer) {
    const place = new globalThis.URL(request.url).host;
    const cause = Object.assign(new Error(answer.message), { code: answer.kind });
    const hint = answer.kind === 'ErrorKind::Denied' ? `: ${place} is not granted; a person can grant it to the plugin \`javascript\` in the configuration (network)` : '';
    return new TypeError(`fetch failed${hint}: ${answer.message}`, { cause });
  }

  function exchange(request) {
    let method = request.method;
    let url = request.url;
    let body = request.take();
    for (let redirects = 0; redirects <= 20; redirects++) {
      const answer = host.send(method, url, [...request.headers], encoding.toBase64(body));
      if (answer.message !== undefined) throw failure(request, answer);
      const headers = new Headers(answer.headers);
      const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && headers.has('location');
      if (isRedirect && request.redirect === 'error') throw new TypeError('fetch failed: unexpected redirect');
      if (!isRedirect || request.redirect === 'manual') {
        const response = new Response(Uint8Array.fromBase64(answer.body), { status: answer.status, headers });
        return Object.assign(response, { url, redirected: redirects > 0, type: 'basic' });
      }
      const next = new globalThis.URL(headers.get('location'), url);
      if (next.host !== new globalThis.URL(url).host) for (const name of ['authorization', 'cookie']) request.headers.delete(name);
      url = next.href;
      if (answer.status === 303 || (answer.status < 303 && method === 'POST')) {
        method = 'GET';
        body = new Uint8Array(0);
        for (const name of ['content-type', 'content-length']) request.headers.delete(name);
      }
    }
    throw new TypeError('fetch failed: redirect count exceeded');
  }

  const fetch = async function fetch(input, init) {
    const request = new Request(input, init);
    request.signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    request.signal?.throwIfAborted();
    return exchange(request);
  };
  return { fetch, Headers, Request, Response };
});
