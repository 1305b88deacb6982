// An error as node shows it: its stack, which begins with what it is.
(function (realm) {
  'use strict';
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
      const known = realm.className(value);
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

  return errorBase;
});
