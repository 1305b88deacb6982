// What console.log and util.format make of their arguments.
(function (realm, host) {
  'use strict';
  const { number, primitive } = host.load('primitive')();
  const { inspect, is } = realm;

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

  return { format: formatArguments };
});
