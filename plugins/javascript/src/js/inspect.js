// Values as text, as node's util.inspect and util.format write them. Runs in a realm of its own, so
// that nothing that code does to its globals changes it; never calls into the code's objects but
// through proxies' traps and `inspect.custom`.
(function (realm, host) {
  'use strict';
  const { typedArray, getter, typedName, is, className, ownName } = host.load('kinds')(realm);
  const { quote, primitive } = host.load('primitive')();
  const { join } = host.load('layout')(realm, host);
  const errorBase = host.load('error')(realm, host);
  const CUSTOM = Symbol.for('nodejs.util.inspect.custom');
  const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;

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

  function boxed(ctx, value, kind, keys) {
    const inner = { Number, String, Boolean, BigInt, Symbol }[kind].prototype.valueOf.call(value);
    if (kind === 'String') keys.splice(0, inner.length);
    return `[${kind}: ${primitive({ ...ctx, indentation: 0 }, inner)}]`;
  }

  // Arrays and what is like them; undefined for all else.
  function collection(ctx, value, name, tag, keys, inner) {
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
    return undefined;
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
    const found = collection(ctx, value, name, tag, keys, inner);
    if (found !== undefined) return found;
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

  realm.inspect = inspect;
  realm.is = is;
  realm.className = className;
  realm.format = host.load('format')(realm, host).format;
});
