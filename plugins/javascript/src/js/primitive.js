// Values that are no objects as text.
(function () {
  'use strict';
  const ESCAPED = /[\x00-\x1f\x27\x5c\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
  const ESCAPES = new RegExp(ESCAPED.source, 'g');
  const NAMED = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', "'": "\\'", '\\': '\\\\' };
  const LINE = 80;

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

  return { LINE, quote, number, primitive };
});
