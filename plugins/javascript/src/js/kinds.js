// What kind of value something is, whichever realm made it, and what its class is called.
(function (realm) {
  'use strict';
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

  return { typedArray, getter, typedName, is, className, ownName };
});
