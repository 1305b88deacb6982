// URL and URLSearchParams. What a URL is and how it changes is the host's; this only holds it.
(function (kernel, host) {
  'use strict';
  const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];
  const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
  const decode = (text) => {
    const bytes = [];
    const source = host.encode(text.replaceAll('+', ' ').toWellFormed());
    const given = new Uint8Array(source);
    for (let i = 0; i < given.length; i++) {
      const hex = given[i] === 37 ? String.fromCharCode(given[i + 1], given[i + 2]) : '';
      if (/^[0-9a-fA-F]{2}$/.test(hex)) {
        bytes.push(parseInt(hex, 16));
        i += 2;
      } else bytes.push(given[i]);
    }
    return host.decode(Uint8Array.from(bytes).toBase64(), false);
  };
  const encode = (text) => encodeURIComponent(`${text}`.toWellFormed()).replace(/[!'()~]|%20/g, (c) => (c === '%20' ? '+' : `%${c.charCodeAt(0).toString(16).toUpperCase()}`));

  class URLSearchParams {
    #pairs = [];
    #changed;
    constructor(init = '', changed) {
      this.#changed = changed;
      if (init === null || init === undefined) return;
      if (typeof init === 'object' || typeof init === 'function') {
        const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
        for (const pair of pairs) {
          const list = [...pair];
          if (list.length !== 2) throw new TypeError('Each query pair must be an iterable [name, value] tuple');
          this.#pairs.push([`${list[0]}`, `${list[1]}`]);
        }
        return;
      }
      this.parse(`${init}`);
    }
    parse(text) {
      this.#pairs = text.replace(/^\?/, '').split('&').filter((piece) => piece !== '').map((piece) => {
        const at = piece.indexOf('=');
        return at < 0 ? [decode(piece), ''] : [decode(piece.slice(0, at)), decode(piece.slice(at + 1))];
      });
    }
    #tell() { this.#changed?.(this.toString()); }
    get size() { return this.#pairs.length; }
    append(name, value) { this.#pairs.push([`${name}`, `${value}`]); this.#tell(); }
    delete(name, value) {
      this.#pairs = this.#pairs.filter((pair) => pair[0] !== `${name}` || (value !== undefined && pair[1] !== `${value}`));
      this.#tell();
    }
    get(name) { return this.#pairs.find((pair) => pair[0] === `${name}`)?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === `${name}`).map((pair) => pair[1]); }
    has(name, value) { return this.#pairs.some((pair) => pair[0] === `${name}` && (value === undefined || pair[1] === `${value}`)); }
    set(name, value) {
      const at = this.#pairs.findIndex((pair) => pair[0] === `${name}`);
      if (at < 0) this.#pairs.push([`${name}`, `${value}`]);
      else this.#pairs = this.#pairs.filter((pair, i) => i <= at || pair[0] !== `${name}`).map((pair, i) => (i === at ? [pair[0], `${value}`] : pair));
      this.#tell();
    }
    sort() { this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this.#tell(); }
    forEach(f, self) { for (const [name, value] of this.#pairs) f.call(self, value, name, this); }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const [name] of this.#pairs) yield name; }
    *values() { for (const [, value] of this.#pairs) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'); }
    [CUSTOM](depth, options, inspect) {
      const pairs = this.#pairs.map(([name, value]) => `${inspect(name)} => ${inspect(value)}`);
      return pairs.length ? `URLSearchParams { ${pairs.join(', ')} }` : 'URLSearchParams {}';
    }
  }
  Object.defineProperty(URLSearchParams.prototype, 'parse', { enumerable: false });

  class URL {
    #parts;
    #params;
    constructor(url, base) {
      const parts = host.parseUrl(`${url}`.toWellFormed(), base === undefined ? undefined : `${base}`.toWellFormed());
      if (!parts) {
        const error = new TypeError('Invalid URL');
        error.code = 'ERR_INVALID_URL';
        error.input = `${url}`;
        if (base !== undefined) error.base = `${base}`;
        throw error;
      }
      this.#parts = parts;
    }
    static canParse(url, base) { return Boolean(host.parseUrl(`${url}`, base === undefined ? undefined : `${base}`)); }
    static parse(url, base) { return URL.canParse(url, base) ? new URL(url, base) : null; }
    static get(url, at) { return url.#parts[at]; }
    static set(url, name, value) {
      const parts = host.changeUrl(url.#parts[0], name, `${value}`.toWellFormed());
      if (parts) url.#parts = parts;
      else if (name === 'href') throw new TypeError('Invalid URL');
      if (name !== 'params') url.#params?.parse(url.#parts[9]);
    }
    get searchParams() {
      this.#params ??= new URLSearchParams(this.#parts[9], (text) => {
        const parts = host.changeUrl(this.#parts[0], 'search', text);
        if (parts) this.#parts = parts;
      });
      return this.#params;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
    [CUSTOM](depth, options, inspect) {
      if (depth !== null && depth < 0) return '[URL]';
      const shown = {};
      for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) shown[name] = this[name];
      return `URL ${inspect(shown, options)}`;
    }
  }
  const { get, set } = URL;
  delete URL.get;
  delete URL.set;
  PARTS.forEach((name, at) => Object.defineProperty(URL.prototype, name, {
    get() { return get(this, at); },
    set: name === 'origin' ? undefined : function (value) { set(this, name, value); },
    enumerable: true, configurable: true,
  }));

  const module = {
    URL, URLSearchParams,
    fileURLToPath: (url) => decodeURIComponent(new URL(url).pathname),
    pathToFileURL: (path) => new URL(`file://${host.part('path').path.resolve(path)}`),
    format: (url) => String(url.href ?? url),
    parse: (text) => {
      const url = new URL(text, 'http://none.invalid/');
      const isRelative = url.host === 'none.invalid';
      return { href: text, protocol: isRelative ? null : url.protocol, host: isRelative ? null : url.host, hostname: isRelative ? null : url.hostname, port: url.port || null, pathname: url.pathname, search: url.search || null, query: url.search.slice(1) || null, hash: url.hash || null };
    },
  };
  return { URL, URLSearchParams, module };
});
