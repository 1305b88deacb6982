// A session's variables as text and back: a graph of values, functions and classes by their source.
(function (realm, host, code) {
  'use strict';
  const { is } = realm;
  const prototypeOf = (name) => realm.intrinsics.get(name)?.prototype;
  const SPECIAL = new Map([[undefined, 'undefined'], [Infinity, 'Infinity'], [-Infinity, '-Infinity']]);

  class Lost extends Error {}

  // Writes values as nodes; an object is written once and named by its number from then on.
  class Writer {
    nodes = [];
    #numbers = new Map();
    #builtIn = new Map();
    constructor() {
      for (const [name, constructor] of realm.intrinsics) {
        this.#builtIn.set(constructor, name);
        if (constructor.prototype) this.#builtIn.set(constructor.prototype, `${name}.prototype`);
      }
      for (const name of ['Math', 'JSON', 'console', 'process', 'globalThis', 'Reflect']) this.#builtIn.set(code[name], name);
    }
    mark() { return { nodes: this.nodes.length, numbers: new Map(this.#numbers) }; }
    back(mark) {
      this.nodes.length = mark.nodes;
      this.#numbers = mark.numbers;
    }
    value(value) {
      if (SPECIAL.has(value)) return { s: SPECIAL.get(value) };
      switch (typeof value) {
        case 'string': return value.isWellFormed() ? value : { u: Array.from(value, (c) => c.codePointAt(0)) };
        case 'boolean': return value;
        case 'number': return Number.isNaN(value) ? { s: 'NaN' } : Object.is(value, -0) ? { s: '-0' } : value;
        case 'bigint': return { b: `${value}` };
        case 'symbol': return this.#symbol(value);
        default: return value === null ? null : this.#object(value);
      }
    }
    #symbol(value) {
      const key = Symbol.keyFor(value);
      if (key !== undefined) return { y: key };
      const known = Object.getOwnPropertyNames(Symbol).find((name) => Symbol[name] === value);
      if (known === undefined) throw new Lost('a symbol is what no copy can be');
      return { w: known };
    }
    #object(value) {
      if (this.#builtIn.has(value)) return { g: this.#builtIn.get(value) };
      if (this.#numbers.has(value)) return { r: this.#numbers.get(value) };
      const number = this.nodes.length;
      this.#numbers.set(value, number);
      this.nodes.push(null);
      this.nodes[number] = this.#node(value);
      return { r: number };
    }
    #node(value) {
      if (realm.proxyTarget(value) !== undefined) throw new Lost('a proxy');
      if (typeof value === 'function') return this.#function(value);
      if (is.promise(value)) throw new Lost('a promise');
      if (is.weakMap(value) || is.weakSet(value) || is.weakRef(value)) throw new Lost('a weak collection');
      const tag = Object.prototype.toString.call(value);
      if (/Generator|Iterator/.test(tag)) throw new Lost('an iterator in the middle of its work');
      const node = this.#kind(value);
      node.p = this.#prototype(value, node.k);
      const skip = node.k === 'Array' ? new Set(['length']) : node.k === 'Error' ? new Set(['stack']) : new Set();
      if (node.k === 'typed' || node.k === 'String') return node;
      node.o = this.#properties(value, skip);
      if (!Object.isExtensible(value)) node.x = Object.isFrozen(value) ? 2 : 1;
      return node;
    }
    #kind(value) {
      if (Array.isArray(value)) return { k: 'Array', n: value.length };
      if (is.date(value)) return { k: 'Date', v: Number.isNaN(value.getTime()) ? null : Date.prototype.getTime.call(value) };
      if (is.regexp(value)) return { k: 'RegExp', v: [value.source, value.flags] };
      if (is.map(value)) return { k: 'Map', v: [...Map.prototype.entries.call(value)].flat().map((each) => this.value(each)) };
      if (is.set(value)) return { k: 'Set', v: [...Set.prototype.values.call(value)].map((each) => this.value(each)) };
      if (is.arrayBuffer(value)) return { k: 'ArrayBuffer', v: new Uint8Array(value).toBase64() };
      if (is.dataView(value)) return { k: 'typed', t: 'DataView', v: this.value(value.buffer), at: value.byteOffset, n: value.byteLength };
      if (is.typed(value)) {
        const name = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get.call(value);
        return { k: 'typed', t: name, v: this.value(value.buffer), at: value.byteOffset, n: value.length };
      }
      if (is.error(value)) return { k: 'Error', v: typeof value.stack === 'string' ? value.stack : '' };
      for (const kind of ['Number', 'String', 'Boolean', 'BigInt']) {
        if (is[kind.toLowerCase()](value)) return { k: kind, v: this.value({ Number, String, Boolean, BigInt }[kind].prototype.valueOf.call(value)) };
      }
      return { k: 'Object' };
    }
    #prototype(value, kind) {
      const prototype = Object.getPrototypeOf(value);
      if (prototype === null) return null;
      if (prototype === prototypeOf(kind === 'typed' ? realm.className(value) : kind)) return undefined;
      if (this.#builtIn.has(prototype)) return { g: this.#builtIn.get(prototype) };
      const constructor = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
      if (typeof constructor === 'function' && constructor.prototype === prototype) {
        const source = Function.prototype.toString.call(constructor);
        if (source.includes('[native code]')) throw new Lost(`an instance of ${constructor.name}, which is not made of properties alone`);
        if (/(^|[\s;{}])(static\s+|async\s+|get\s+|set\s+|\*\s*)*#[\w$]+/.test(source)) throw new Lost(`an instance of ${constructor.name}, whose private fields can't be seen`);
        if (this.#numbers.get(constructor) === undefined && this.#isInside(constructor)) throw new Lost(`an instance of ${constructor.name}, a class inside of a function`);
        return { c: this.value(constructor) };
      }
      return this.value(prototype);
    }
    #properties(value, skip) {
      const properties = [];
      for (const key of Reflect.ownKeys(value)) {
        if (skip.has(key)) continue;
        const descriptor = Object.getOwnPropertyDescriptor(value, key);
        const flags = (descriptor.enumerable ? 1 : 0) | (descriptor.writable ? 2 : 0) | (descriptor.configurable ? 4 : 0);
        const name = typeof key === 'symbol' ? this.value(key) : key;
        if ('value' in descriptor) properties.push([name, flags, this.value(descriptor.value)]);
        else throw new Lost(`its property ${String(key)} has a getter or setter`);
      }
      return properties;
    }
    // A function that was made inside of another may use variables that nobody can read.
    #isInside(f) {
      const isClass = Function.prototype.toString.call(f).startsWith('class');
      return host.isInside(String(f.fileName ?? ''), Number(f.lineNumber ?? 0), Number(f.columnNumber ?? 0), isClass);
    }
    #function(f) {
      const source = Function.prototype.toString.call(f);
      if (source.includes('[native code]')) throw new Lost('a function of the interpreter, or one that was bound');
      if (this.#isInside(f)) throw new Lost('a function made inside of another, whose variables can\'t be seen');
      const node = { k: 'function', v: source, o: [] };
      const isClass = source.startsWith('class');
      if (isClass) {
        const parent = Object.getPrototypeOf(f);
        if (typeof parent === 'function' && parent !== prototypeOf('Function')) node.e = this.value(parent);
      }
      for (const key of Reflect.ownKeys(f)) {
        if (['length', 'name', 'prototype', 'arguments', 'caller'].includes(key)) continue;
        const descriptor = Object.getOwnPropertyDescriptor(f, key);
        if (isClass && (descriptor.enumerable === false || !('value' in descriptor))) continue;
        if ('value' in descriptor) node.o.push([typeof key === 'symbol' ? this.value(key) : key, 7, this.value(descriptor.value)]);
      }
      node.n = typeof f.name === 'string' ? f.name : '';
      return node;
    }
  }

  realm.save = () => {
    const writer = new Writer();
    const variables = [];
    const lost = [];
    const names = realm.names();
    // Classes first, so that their instances find them by name.
    const rank = (key) => (typeof code[key] === 'function' ? 0 : 1);
    const order = names.map((key, at) => [key, at]).sort(([a, i], [b, j]) => rank(a) - rank(b) || i - j);
    for (const [key] of order) {
      const shown = typeof key === 'symbol' ? key.toString() : key;
      const mark = writer.mark();
      try {
        if (typeof key === 'symbol') throw new Lost('a global symbol');
        const descriptor = Object.getOwnPropertyDescriptor(code, key);
        if (!('value' in descriptor)) throw new Lost('it has a getter');
        variables.push([key, writer.value(descriptor.value)]);
      } catch (error) {
        writer.back(mark);
        const reason = error instanceof Lost ? error.message : error instanceof RangeError ? 'nested too deeply' : String(error);
        lost.push([shown, reason]);
      }
    }
    return { state: JSON.stringify({ version: 1, nodes: writer.nodes, variables }), lost };
  };

  class Reader {
    #nodes;
    #made = new Map();
    constructor(nodes) { this.#nodes = nodes; }
    value(written) {
      if (typeof written !== 'object' || written === null) return written;
      if ('s' in written) return { undefined, Infinity, '-Infinity': -Infinity, NaN, '-0': -0 }[written.s];
      if ('b' in written) return BigInt(written.b);
      if ('u' in written) return String.fromCodePoint(...written.u);
      if ('y' in written) return Symbol.for(written.y);
      if ('w' in written) return Symbol[written.w];
      if ('g' in written) return this.#global(written.g);
      return this.#object(written.r);
    }
    #global(path) {
      const [name, prototype] = path.split('.');
      const found = realm.intrinsics.get(name) ?? code[name];
      return prototype ? found.prototype : found;
    }
    #object(number) {
      if (this.#made.has(number)) return this.#made.get(number);
      const node = this.#nodes[number];
      const made = this.#make(node, number);
      this.#made.set(number, made);
      try {
        this.#fill(made, node);
      } catch (error) {
        this.#made.delete(number);
        throw error;
      }
      return made;
    }
    #fill(made, node) {
      if (node.p !== undefined) Object.setPrototypeOf(made, this.#prototype(node.p));
      if (node.k === 'Map') for (let i = 0; i < node.v.length; i += 2) Map.prototype.set.call(made, this.value(node.v[i]), this.value(node.v[i + 1]));
      if (node.k === 'Set') for (const each of node.v) Set.prototype.add.call(made, this.value(each));
      for (const [key, flags, value] of node.o ?? []) {
        Object.defineProperty(made, typeof key === 'object' ? this.value(key) : key, {
          value: this.value(value), enumerable: (flags & 1) !== 0, writable: (flags & 2) !== 0, configurable: (flags & 4) !== 0,
        });
      }
      if (node.x === 2) Object.freeze(made);
      else if (node.x === 1) Object.preventExtensions(made);
    }
    #prototype(written) {
      if (written === null) return null;
      return written.c ? this.value(written.c).prototype : this.value(written);
    }
    #make(node) {
      const intrinsic = (name) => realm.intrinsics.get(name);
      switch (node.k) {
        case 'Array': { const made = new (intrinsic('Array'))(); made.length = node.n; return made; }
        case 'Date': return new (intrinsic('Date'))(node.v ?? NaN);
        case 'RegExp': return new (intrinsic('RegExp'))(node.v[0], node.v[1]);
        case 'Map': return new (intrinsic('Map'))();
        case 'Set': return new (intrinsic('Set'))();
        case 'ArrayBuffer': {
          const bytes = Uint8Array.fromBase64(node.v);
          const made = new (intrinsic('ArrayBuffer'))(bytes.length);
          new Uint8Array(made).set(bytes);
          return made;
        }
        case 'typed': return new (intrinsic(node.t))(this.value(node.v), node.at, node.n);
        case 'Error': {
          const made = new (intrinsic('Error'))();
          delete made.message;
          Object.defineProperty(made, 'stack', { value: node.v, writable: true, configurable: true });
          return made;
        }
        case 'Number': case 'String': case 'Boolean': case 'BigInt': return code.Object(this.value(node.v));
        case 'function': return this.#function(node);
        default: return new (intrinsic('Object'))();
      }
    }
    #function(node) {
      if (node.e !== undefined) this.value(node.e);
      const source = node.v;
      // A method has no expression of its own.
      for (const text of [`(${source})`, `({${source}})`, `(function ${source})`]) {
        try {
          const made = realm.evaluate(text, '<restored>');
          if (typeof made === 'function') return this.#named(made, node);
          const [key] = Reflect.ownKeys(made);
          if (typeof made[key] === 'function') return this.#named(made[key], node);
        } catch (error) {
          if (error?.name !== 'SyntaxError') throw error;
        }
      }
      throw new Lost('its source can\'t be evaluated by itself');
    }
    #named(made, node) {
      if (made.name !== node.n) Object.defineProperty(made, 'name', { value: node.n, configurable: true });
      return made;
    }
  }

  realm.restore = (state) => {
    const { nodes, variables } = JSON.parse(state);
    const reader = new Reader(nodes);
    const lost = [];
    let waiting = variables;
    // A class whose parent is declared later is tried again.
    for (let before = -1; waiting.length > 0 && waiting.length !== before;) {
      before = waiting.length;
      const again = [];
      for (const [key, written] of waiting) {
        try {
          const value = reader.value(written);
          Object.defineProperty(code, key, { value, writable: true, enumerable: true, configurable: false });
        } catch (error) {
          again.push([key, written, error]);
        }
      }
      waiting = again;
    }
    for (const [key, , error] of waiting) lost.push([key, String(error?.message ?? error)]);
    return { lost };
  };
});
