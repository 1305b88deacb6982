// structuredClone.
(function (kernel) {
  'use strict';
  const { is } = kernel;
  const ERRORS = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];
  const refuse = (value) => {
    throw new globalThis.DOMException(`${kernel.inspect(value, { depth: 0 })} could not be cloned.`, 'DataCloneError');
  };
  function clone(value, seen) {
    if (typeof value === 'symbol' || typeof value === 'function') refuse(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const known = (copy) => {
      seen.set(value, copy);
      return copy;
    };
    if (is.date(value)) return known(new Date(value.getTime()));
    if (is.regexp(value)) return known(new RegExp(value.source, value.flags));
    for (const kind of ['number', 'string', 'boolean', 'bigint']) if (is[kind](value)) return known(Object(value.valueOf()));
    if (is.arrayBuffer(value)) return known(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen);
      const Kind = value instanceof DataView ? DataView : globalThis[Object.getPrototypeOf(Uint8Array.prototype)[Symbol.toStringTag] ?? value[Symbol.toStringTag]];
      return known(new Kind(buffer, value.byteOffset, value instanceof DataView ? value.byteLength : value.length));
    }
    if (is.map(value)) {
      const copy = known(new Map());
      for (const [key, item] of [...value]) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (is.set(value)) {
      const copy = known(new Set());
      for (const item of [...value]) copy.add(clone(item, seen));
      return copy;
    }
    if (is.error(value)) {
      const Kind = ERRORS.includes(value.name) ? globalThis[value.name] : Error;
      const copy = known(new Kind(value.message));
      Object.defineProperty(copy, 'stack', { value: value.stack, configurable: true, writable: true });
      if (Object.hasOwn(value, 'cause')) Object.defineProperty(copy, 'cause', { value: clone(value.cause, seen), configurable: true, writable: true });
      return copy;
    }
    if (is.weakMap(value) || is.weakSet(value) || is.weakRef(value) || is.promise(value)) refuse(value);
    const copy = known(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) copy[key] = clone(value[key], seen);
    return copy;
  }
  return {
    structuredClone: function structuredClone(value, { transfer = [] } = {}) {
      const copy = clone(value, new Map());
      for (const buffer of transfer) if (buffer instanceof ArrayBuffer) buffer.transfer();
      return copy;
    },
  };
});
