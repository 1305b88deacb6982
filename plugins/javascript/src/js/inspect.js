// Values as text, as node's util.inspect and util.format write them. Runs in a realm of its own, so
// that nothing that code does to its globals changes it; never calls into the code's objects but
// through proxies' traps and `inspect.custom`.
(function (realm) {
  'use strict';
  const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
  const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
  const ESCAPED = /[\x00-\x1f\x27\x5c\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
  const ESCAPES = new RegExp(ESCAPED.source, 'g');
  const NAMED = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', "'": "\\'", '\\': '\\\\' };
  const LINE = 80;
  const typedArray = Object.getPrototypeOf(Uint8Array);
  const getter = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
  const typedName = getter(typedArray.prototype, Symbol.toStringTag);

  // Whether a method that only one class of objects allows accepts this one: true in any realm.
  const brand = (method, ...args) => (value) => {
    try {
      method.call(value, ...args);
      return true;
    } catch {
      return false;
    }
  };
  const is = {
    map: brand(getter(Map.prototype, 'size')),
    set: brand(getter(Set.prototype, 'size')),
    date: brand(Date.prototype.getTime),
    regexp: brand(getter(RegExp.prototype, 'source')),
    weakMap: brand(WeakMap.prototype.has, {}),
    weakSet: brand(WeakSet.prototype.has, {}),
    weakRef: brand(WeakRef.prototype.deref),
    arrayBuffer: brand(getter(ArrayBuffer.prototype, 'byteLength')),
    sharedBuffer: brand(getter(SharedArrayBuffer.prototype, 'byteLength')),
    dataView: brand(getter(DataView.prototype, 'buffer')),
    number: brand(Number.prototype.valueOf),
    string: brand(String.prototype.valueOf),
    boolean: brand(Boolean.prototype.valueOf),
    bigint: brand(BigInt.prototype.valueOf),
    symbol: brand(Symbol.prototype.valueOf),
    typed: (value) => typedName.call(value) !== undefined,
    promise: (value) => realm.promiseState(value) !== undefined,
    error: (value) => realm.isError(value),
  };

  function quote(text) {
    let mark = "'";
    if (text.includes("'")) {
      if (!text.includes('"')) mark = '"';
      else if (!text.includes('`') && !text.includes('${')) mark = '`';
    }
    if (!ESCAPED.test(text)) return mark + text + mark;
    const escape = (c) => {
      if (c === "'" && mark !== "'") return c;
      return NAMED[c] ?? (c.length === 1 && c.charCodeAt(0) < 256
        ? '\\x' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
        : '\\u' + c.charCodeAt(0).toString(16));
    };
    return mark + text.replace(ESCAPES, escape) + mark;
  }

  function string(ctx, value) {
    let rest = '';
    if (value.length > ctx.maxStringLength) {
      const more = value.length - ctx.maxStringLength;
      value = value.slice(0, ctx.maxStringLength);
      rest = `... ${more} more character${more > 1 ? 's' : ''}`;
    }
    const isLong = value.length > 16 && value.length > LINE - ctx.indentation - 4;
    if (isLong && value.includes('\n')) {
      const lines = value.split(/(?<=\n)/).map(quote);
      return lines.join(` +\n${' '.repeat(ctx.indentation + 2)}`) + rest;
    }
    return quote(value) + rest;
  }

  function number(value) {
    return Object.is(value, -0) ? '-0' : `${value}`;
  }

  function primitive(ctx, value) {
    switch (typeof value) {
      case 'string': return string(ctx, value);
      case 'number': return number(value);
      case 'bigint': return `${value}n`;
      case 'symbol': return Symbol.prototype.toString.call(value);
      default: return `${value}`;
    }
  }

  // The name of the class that made an object; null if it has no prototype.
  function className(value) {
    let object = value;
    for (let steps = 0; object !== null && steps < 100; steps++) {
      const descriptor = Object.getOwnPropertyDescriptor(object, 'constructor');
      if (descriptor && typeof descriptor.value === 'function') {
        const name = ownName(descriptor.value);
        if (name !== '') return name;
      }
      object = Object.getPrototypeOf(object);
    }
    return null;
  }

  function ownName(f) {
    const descriptor = Object.getOwnPropertyDescriptor(f, 'name');
    return descriptor && typeof descriptor.value === 'string' ? descriptor.value : '';
  }

  function prefix(name, tag, fallback, size = '') {
    if (name === null) return `[${fallback}${size}: null prototype] `;
    if (tag !== '' && tag !== name) return `${name}${size} [${tag}] `;
    return `${name}${size} `;
  }

  function functionBase(value, name, tag) {
    const source = Function.prototype.toString.call(value);
    if (source.startsWith('class') && source.endsWith('}')) {
      let base = `[class ${ownName(value) || '(anonymous)'}`;
      const parent = Object.getPrototypeOf(value);
      const parentName = typeof parent === 'function' ? ownName(parent) : '';
      if (parentName) base += ` extends ${parentName}`;
      else if (parent === null) base += ' extends null';
      return base + ']';
    }
    let kind = Object.prototype.toString.call(value).slice(8, -1);
    if (!kind.endsWith('Function')) kind = 'Function';
    let base = `[${kind}`;
    if (name === null) base += ' (null prototype)';
    const own = ownName(value);
    base += own === '' ? ' (anonymous)' : `: ${own}`;
    base += ']';
    if (tag !== '' && tag !== name && !tag.endsWith('Function')) base += ` [${tag}]`;
    return base;
  }

  function visibleKeys(value, showHidden) {
    const keys = showHidden ? Object.getOwnPropertyNames(value) : Object.keys(value);
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (showHidden || Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol);
    }
    return keys;
  }

  const isIndex = (key) => typeof key === 'string' && /^(0|[1-9][0-9]*)$/.test(key) && Number(key) < 4294967295;

  function isBelowLine(output, start, base) {
    let total = output.length + start;
    if (total + output.length > LINE) return false;
    for (const piece of output) {
      total += piece.length;
      if (total > LINE) return false;
    }
    return base === '' || !base.includes('\n');
  }

  // Node's own way of putting the elements of an array into columns.
  function columns(ctx, output, value, hasMore) {
    const length = output.length - (hasMore ? 1 : 0);
    const widths = [];
    let total = 0;
    let widest = 0;
    for (let i = 0; i < length; i++) {
      widths.push(output[i].length);
      total += output[i].length + 2;
      widest = Math.max(widest, output[i].length);
    }
    const width = widest + 2;
    if (!(width * 3 + ctx.indentation < LINE && (total / width > 5 || widest <= 6))) return output;
    const bias = Math.sqrt(width - total / output.length);
    const biased = Math.max(width - 3 - bias, 1);
    const count = Math.min(
      Math.round(Math.sqrt(2.5 * biased * length) / biased),
      Math.floor((LINE - ctx.indentation) / width),
      12,
      15,
    );
    if (count <= 1) return output;
    const lines = [];
    const lengths = [];
    for (let i = 0; i < count; i++) {
      let longest = 0;
      for (let j = i; j < length; j += count) longest = Math.max(longest, widths[j]);
      lengths.push(longest + 2);
    }
    const isNumber = (item) => typeof item === 'number' || typeof item === 'bigint';
    let right = value !== undefined;
    for (let i = 0; right && i < output.length; i++) right = isNumber(value[i]);
    for (let i = 0; i < length; i += count) {
      const end = Math.min(i + count, length);
      let line = '';
      let j = i;
      for (; j < end - 1; j++) {
        const cell = `${output[j]}, `;
        line += right ? cell.padStart(lengths[j - i]) : cell.padEnd(lengths[j - i]);
      }
      line += right ? output[j].padStart(lengths[j - i] - 2) : output[j];
      lines.push(line);
    }
    if (hasMore) lines.push(output[length]);
    return lines;
  }

  function join(ctx, output, base, braces, isArray, level, value, hasMore) {
    const entries = output.length;
    if (isArray && entries > 6 && ctx.compact) output = columns(ctx, output, value, hasMore);
    if (ctx.compact && ctx.depthNow - level < 3 && entries === output.length) {
      const start = output.length + ctx.indentation + braces[0].length + base.length + 10;
      if (isBelowLine(output, start, base)) {
        const joined = output.join(', ');
        if (!joined.includes('\n')) {
          return `${base ? `${base} ` : ''}${braces[0]} ${joined} ${braces[1]}`;
        }
      }
    }
    const indentation = `\n${' '.repeat(ctx.indentation)}`;
    return `${base ? `${base} ` : ''}${braces[0]}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${braces[1]}`;
  }

  function nested(ctx, value, level, indent = 2) {
    ctx.indentation += indent;
    const text = format(ctx, value, level);
    ctx.indentation -= indent;
    return text;
  }

  function keyText(key) {
    if (typeof key === 'symbol') return `[${Symbol.prototype.toString.call(key)}]`;
    if (key === '__proto__') return "['__proto__']";
    return IDENTIFIER.test(key) ? key : quote(key);
  }

  function property(ctx, value, key, level, isElement) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
      ?? { value: value[key], enumerable: true };
    let text;
    if ('value' in descriptor) text = nested(ctx, descriptor.value, level);
    else if (descriptor.get && ctx.getters) text = nested(ctx, descriptor.get.call(value), level);
    else if (descriptor.get) text = descriptor.set ? '[Getter/Setter]' : '[Getter]';
    else text = descriptor.set ? '[Setter]' : 'undefined';
    if (isElement) return text;
    const name = keyText(key);
    return `${descriptor.enumerable ? name : `[${name}]`}: ${text}`;
  }

  function more(count) {
    return `... ${count} more item${count > 1 ? 's' : ''}`;
  }

  function elements(ctx, value, level, limit) {
    const output = [];
    let index = 0;
    while (index < value.length && output.length < limit) {
      if (Object.prototype.hasOwnProperty.call(value, index)) {
        output.push(property(ctx, value, `${index}`, level, true));
        index++;
        continue;
      }
      let end = index + 1;
      if (value.length - index > 100000) {
        const next = Object.keys(value).find((key) => isIndex(key) && Number(key) > index);
        end = next === undefined ? value.length : Number(next);
      } else {
        while (end < value.length && !Object.prototype.hasOwnProperty.call(value, end)) end++;
      }
      output.push(`<${end - index} empty item${end - index > 1 ? 's' : ''}>`);
      index = end;
    }
    if (index < value.length) output.push(more(value.length - index));
    return output;
  }

  function limited(ctx, iterator, size, write) {
    const output = [];
    for (const item of iterator) {
      if (output.length >= ctx.maxArrayLength) {
        output.push(more(size - output.length));
        break;
      }
      output.push(write(item));
    }
    return output;
  }

  function bytes(ctx, buffer) {
    const view = new Uint8Array(buffer);
    const shown = Math.min(50, ctx.maxArrayLength, view.length);
    return [`[Uint8Contents]: <${hex(view, shown)}>`, `byteLength: ${view.length}`];
  }

  // The first bytes of a view, and how many more there are.
  function hex(view, length) {
    const out = [];
    for (let i = 0; i < length; i++) out.push(view[i].toString(16).padStart(2, '0'));
    const rest = view.length - length;
    if (rest > 0) out.push(`... ${rest} more byte${rest > 1 ? 's' : ''}`);
    return out.join(' ');
  }

  function errorBase(ctx, value, keys) {
    const data = (key) => {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      return descriptor && 'value' in descriptor ? descriptor.value : undefined;
    };
    let name = realm.errorName(value);
    // Where the engine keeps it is its own affair: it may be inherited.
    let stack = data('stack') ?? realm.property(value, 'stack');
    const message = realm.errorMessage(value);
    const header = message === '' ? name : `${name}: ${message}`;
    if (typeof stack !== 'string' || stack === '') stack = `[${header}]`;
    else {
      // The class may have been named after the stack was written.
      const end = stack.search(/\n? {4}at /);
      const first = end < 0 ? stack : stack.slice(0, end);
      const known = className(value);
      const isPlain = name === 'Error' && known && known !== 'Error';
      const ideal = isPlain ? header.replace(/^Error/, known.includes('Error') ? known : `${known} [Error]`) : header;
      if (end === 0) stack = `${ideal}\n${stack}`;
      else if (first !== ideal && first.startsWith('Error') && (message === '' || first.includes(message))) {
        stack = ideal + (end < 0 ? '' : stack.slice(end));
      }
      if (end < 0) stack = `[${stack}]`;
    }
    for (const key of ['name', 'message', 'stack']) {
      const at = keys.indexOf(key);
      if (at >= 0 && (key !== 'name' || stack.includes(String(data('name'))))) keys.splice(at, 1);
    }
    for (const key of ['cause', 'errors']) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (descriptor && !keys.includes(key)) keys.push(key);
    }
    if (ctx.indentation === 0) return stack;
    return stack.split('\n').join(`\n${' '.repeat(ctx.indentation)}`);
  }

  function boxed(ctx, value, kind, keys) {
    const inner = { Number, String, Boolean, BigInt, Symbol }[kind].prototype.valueOf.call(value);
    if (kind === 'String') keys.splice(0, inner.length);
    return `[${kind}: ${primitive({ ...ctx, indentation: 0 }, inner)}]`;
  }

  // What an object looks like beside its own properties.
  function shape(ctx, value, level, keys) {
    const name = className(value);
    let tag = '';
    try {
      const own = value[Symbol.toStringTag];
      if (typeof own === 'string' && own !== '' && own !== name) tag = own;
    } catch {
      // A getter that does not like to be asked here.
    }
    const inner = level + 1;
    if (Array.isArray(value)) {
      const start = name === 'Array' && tag === '' ? '' : prefix(name, tag, 'Array', `(${value.length})`);
      return {
        braces: [`${start}[`, ']'], isArray: true, keys: keys.filter((key) => !isIndex(key)),
        entries: () => elements(ctx, value, inner, ctx.maxArrayLength), hasMore: value.length > ctx.maxArrayLength,
        always: value.length > 0,
      };
    }
    if (is.set(value)) {
      const size = getter(Set.prototype, 'size').call(value);
      return {
        braces: [`${prefix(name, tag, 'Set', `(${size})`)}{`, '}'], always: size > 0,
        entries: () => limited(ctx, Set.prototype.values.call(value), size, (item) => nested(ctx, item, inner)),
      };
    }
    if (is.map(value)) {
      const size = getter(Map.prototype, 'size').call(value);
      const pair = ([key, item]) => `${nested(ctx, key, inner)} => ${nested(ctx, item, inner)}`;
      return {
        braces: [`${prefix(name, tag, 'Map', `(${size})`)}{`, '}'], always: size > 0,
        entries: () => limited(ctx, Map.prototype.entries.call(value), size, pair),
      };
    }
    if (is.typed(value)) {
      const kind = typedName.call(value);
      const length = getter(typedArray.prototype, 'length').call(value);
      if (name === 'Buffer') {
        return { base: `<Buffer${length ? ' ' : ''}${hex(value, Math.min(50, length))}>`, keys: [] };
      }
      return {
        braces: [`${prefix(name, tag === kind ? '' : tag, kind, `(${length})`)}[`, ']'], isArray: true,
        keys: keys.filter((key) => !isIndex(key)), always: length > 0, hasMore: length > ctx.maxArrayLength,
        entries: () => {
          const output = [];
          for (let i = 0; i < Math.min(length, ctx.maxArrayLength); i++) output.push(primitive(ctx, value[i]));
          if (length > ctx.maxArrayLength) output.push(more(length - ctx.maxArrayLength));
          return output;
        },
      };
    }
    const custom = {
      '[object Map Iterator]': 'Map Iterator', '[object Set Iterator]': 'Set Iterator',
      '[object Generator]': 'Generator', '[object AsyncGenerator]': 'AsyncGenerator',
    };
    if (typeof value === 'function') return { base: functionBase(value, name, tag), keys };
    if (is.error(value)) return { base: errorBase(ctx, value, keys), keys };
    if (is.regexp(value)) return { base: RegExp.prototype.toString.call(value), keys };
    if (is.date(value)) {
      const time = Date.prototype.getTime.call(value);
      return { base: Number.isNaN(time) ? 'Invalid Date' : Date.prototype.toISOString.call(value), keys };
    }
    for (const kind of ['Number', 'String', 'Boolean', 'BigInt', 'Symbol']) {
      if (is[kind.toLowerCase()](value)) return { base: boxed(ctx, value, kind, keys), keys };
    }
    if (is.promise(value)) {
      const state = realm.promiseState(value);
      const write = () => state.kind === 'pending' ? ['<pending>']
        : [`${state.kind === 'rejected' ? '<rejected> ' : ''}${nested(ctx, state.value, inner)}`];
      return { braces: [`${prefix(name, tag === 'Promise' ? '' : tag, 'Promise')}{`, '}'], always: true, entries: write };
    }
    if (is.arrayBuffer(value) || is.sharedBuffer(value)) {
      return { braces: [`${prefix(name, '', 'ArrayBuffer')}{`, '}'], always: true, entries: () => bytes(ctx, value) };
    }
    if (is.dataView(value)) {
      const view = (key) => getter(DataView.prototype, key).call(value);
      return {
        braces: [`${prefix(name, '', 'DataView')}{`, '}'], always: true,
        entries: () => [`byteLength: ${view('byteLength')}`, `byteOffset: ${view('byteOffset')}`, `buffer: ${nested(ctx, view('buffer'), inner)}`],
      };
    }
    if (is.weakMap(value) || is.weakSet(value)) {
      return { braces: [`${prefix(name, '', 'WeakSet')}{`, '}'], always: true, entries: () => ['<items unknown>'] };
    }
    if (is.weakRef(value)) {
      return { braces: ['WeakRef {', '}'], always: true, entries: () => [nested(ctx, WeakRef.prototype.deref.call(value), inner)] };
    }
    const own = Object.prototype.toString.call(value);
    if (own === '[object Arguments]') {
      return {
        braces: ['[Arguments] [', ']'], isArray: true, keys: keys.filter((key) => !isIndex(key)),
        entries: () => elements(ctx, value, inner, ctx.maxArrayLength), always: value.length > 0,
      };
    }
    if (custom[own]) return { braces: [`Object [${custom[own]}] {`, '}'] };
    if (own === '[object Module]') return { braces: ['[Module: null prototype] {', '}'] };
    const start = name === 'Object' && tag === '' ? '' : prefix(name, tag, 'Object');
    return { braces: [`${start}{`, '}'] };
  }

  function object(ctx, value, level) {
    const keys = visibleKeys(value, ctx.showHidden);
    const found = shape(ctx, value, level, keys);
    const own = found.keys ?? keys;
    const hasEntries = found.always;
    if (own.length === 0 && !hasEntries) {
      if (found.base !== undefined) return found.base;
      return `${found.braces[0]}${found.braces[1]}`;
    }
    if (ctx.depth !== null && level > ctx.depth) {
      const name = (className(value) ?? `Object: null prototype`);
      return `[${Array.isArray(value) ? 'Array' : name}]`;
    }
    ctx.seen.push(value);
    ctx.depthNow = level;
    let output = found.entries ? found.entries() : [];
    for (const key of own) output.push(property(ctx, value, key, level + 1, false));
    ctx.seen.pop();
    let base = found.base ?? '';
    let braces = found.braces ?? ['{', '}'];
    if (ctx.circular?.has(value)) {
      const mark = `<ref *${ctx.circular.get(value)}>`;
      if (base === '') braces = [`${mark} ${braces[0]}`, braces[1]];
      else base = `${mark} ${base}`;
    }
    if (ctx.sorted) output = output.sort();
    const text = join(ctx, output, base, braces, found.isArray === true, level,
      found.isArray ? value : undefined, found.hasMore === true);
    ctx.room -= text.length;
    if (ctx.room < 0) ctx.depth = -1;
    return text;
  }

  function format(ctx, value, level) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') {
      return primitive(ctx, value);
    }
    const target = realm.proxyTarget(value);
    if (target !== undefined) {
      if (target === null) return '<Revoked Proxy>';
      return format(ctx, target, level);
    }
    const custom = ctx.custom && value[CUSTOM];
    if (typeof custom === 'function') {
      const depth = ctx.depth === null ? null : ctx.depth - level;
      const result = custom.call(value, depth, { ...ctx.options, depth }, realm.inspect);
      if (result !== value) {
        if (typeof result !== 'object') return String(result).replaceAll('\n', `\n${' '.repeat(ctx.indentation)}`);
        return format(ctx, result, level);
      }
    }
    if (ctx.seen.includes(value)) {
      ctx.circular ??= new Map();
      if (!ctx.circular.has(value)) ctx.circular.set(value, ctx.circular.size + 1);
      return `[Circular *${ctx.circular.get(value)}]`;
    }
    return object(ctx, value, level);
  }

  // Text beyond which only outlines are written: what is printed is cut later anyway.
  const ROOM = 4 * 1024 * 1024;

  function inspect(value, options) {
    const given = options ?? {};
    const limit = (number, fallback) => (number === null ? Infinity : Math.max(0, number ?? fallback));
    const ctx = {
      depth: given.depth === undefined ? 2 : given.depth === Infinity ? null : given.depth,
      maxArrayLength: limit(given.maxArrayLength, 100),
      maxStringLength: limit(given.maxStringLength, 10000),
      compact: given.compact === undefined || (given.compact !== false && given.compact !== 0),
      showHidden: given.showHidden === true,
      getters: given.getters === true,
      sorted: given.sorted === true,
      custom: given.customInspect !== false,
      options: given,
      indentation: 0, depthNow: 0, seen: [], circular: undefined, room: ROOM,
    };
    return format(ctx, value, 0);
  }

  function toNumber(value, convert) {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'symbol') return 'NaN';
    if (typeof value === 'object' && value !== null) return 'NaN';
    return number(convert(value));
  }

  function toText(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return number(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return typeof value === 'function' ? String(value) : primitive({ indentation: 0 }, value);
    // Its own toString, unless that is one that every object has.
    let holder = value;
    while (holder !== null && !Object.prototype.hasOwnProperty.call(holder, 'toString')) holder = Object.getPrototypeOf(holder);
    if (holder !== null && !realm.isBuiltinPrototype(holder)) return String(value);
    if (is.error(value)) return inspect(value, { depth: 0 });
    return inspect(value, { depth: 0 });
  }

  function json(value) {
    try {
      return JSON.stringify(value);
    } catch (error) {
      if (String(error).includes('circular')) return '[Circular]';
      throw error;
    }
  }

  const DIRECTIVES = {
    s: toText,
    d: (value) => toNumber(value, Number),
    i: (value) => toNumber(value, parseInt),
    f: (value) => (typeof value === 'symbol' ? 'NaN' : number(parseFloat(value))),
    j: json,
    o: (value) => inspect(value, { showHidden: true, depth: 4 }),
    O: (value) => inspect(value),
    c: () => '',
  };

  function formatArguments(args) {
    const pieces = [];
    let next = 0;
    if (typeof args[0] === 'string') {
      next = 1;
      let text = args[0];
      if (args.length > 1 && text.includes('%')) {
        text = text.replace(/%([sdifjoOc%])/g, (directive, letter) => {
          if (letter === '%') return '%';
          return next < args.length ? `${DIRECTIVES[letter](args[next++])}` : directive;
        });
      }
      pieces.push(text);
    }
    for (; next < args.length; next++) {
      pieces.push(typeof args[next] === 'string' ? args[next] : inspect(args[next]));
    }
    return pieces.join(' ');
  }

  realm.inspect = inspect;
  realm.format = formatArguments;
  realm.is = is;
  realm.className = className;
});
