// node's querystring.
(function () {
  'use strict';
  const querystring = {
    escape: encodeURIComponent,
    unescape: decodeURIComponent,
    parse(text, separator = '&', equals = '=') {
      const found = Object.create(null);
      for (const piece of `${text}`.split(separator)) {
        if (piece === '') continue;
        const at = piece.indexOf(equals);
        const [name, value] = (at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + equals.length)]).map((each) => decodeURIComponent(each.replaceAll('+', ' ')));
        if (name in found) found[name] = [found[name], value].flat();
        else found[name] = value;
      }
      return found;
    },
    stringify(object, separator = '&', equals = '=') {
      return Object.entries(object ?? {}).flatMap(([name, value]) => [value].flat().map((each) => `${encodeURIComponent(name)}${equals}${encodeURIComponent(each)}`)).join(separator);
    },
  };
  querystring.decode = querystring.parse;
  querystring.encode = querystring.stringify;
  return { querystring };
});
