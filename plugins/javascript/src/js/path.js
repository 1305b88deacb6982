// Paths with slashes, as node's path.posix.
(function (kernel, host) {
  'use strict';
  function check(path, name = 'path') {
    if (typeof path === 'string') return path;
    const error = new TypeError(`The "${name}" argument must be of type string. Received ${kernel.inspect(path)}`);
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }
  function plain(path, isAbsolute) {
    const parts = [];
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
      else if (part !== '..' || !isAbsolute) parts.push(part);
    }
    return parts.join('/');
  }
  const path = {
    sep: '/', delimiter: ':',
    isAbsolute: (name) => check(name).startsWith('/'),
    normalize(name) {
      if (check(name) === '') return '.';
      const isAbsolute = name.startsWith('/');
      let text = plain(name, isAbsolute);
      if (text === '' && !isAbsolute) text = '.';
      if (text !== '' && name.endsWith('/')) text += '/';
      return isAbsolute ? `/${text}` : text;
    },
    join(...names) {
      const joined = names.filter((name) => check(name) !== '').join('/');
      return joined === '' ? '.' : path.normalize(joined);
    },
    resolve(...names) {
      let found = '';
      for (let i = names.length - 1; i >= 0 && !found.startsWith('/'); i--) if (check(names[i]) !== '') found = found === '' ? names[i] : `${names[i]}/${found}`;
      if (!found.startsWith('/')) found = `${host.cwd()}/${found}`;
      return `/${plain(found, true)}`;
    },
    dirname(name) {
      const text = check(name).replace(/(?<=.)\/+$/, '');
      const at = text.lastIndexOf('/');
      if (at < 0) return '.';
      return at === 0 ? '/' : text.slice(0, at).replace(/(?<=.)\/+$/, '');
    },
    basename(name, ending = '') {
      const base = check(name).replace(/\/+$/, '').split('/').at(-1);
      return ending !== '' && base !== ending && base.endsWith(ending) ? base.slice(0, -ending.length) : base;
    },
    extname(name) {
      const base = path.basename(name);
      const at = base.lastIndexOf('.');
      return at <= 0 || base === '..' ? '' : base.slice(at);
    },
    relative(from, to) {
      const one = path.resolve(check(from, 'from')).split('/').filter(Boolean);
      const two = path.resolve(check(to, 'to')).split('/').filter(Boolean);
      let same = 0;
      while (same < one.length && one[same] === two[same]) same++;
      return [...one.slice(same).map(() => '..'), ...two.slice(same)].join('/');
    },
    parse(name) {
      const base = path.basename(name);
      const ext = path.extname(name);
      const root = name.startsWith('/') ? '/' : '';
      const dir = name.includes('/') ? path.dirname(name) : '';
      return { root, dir, base, ext, name: ext === '' ? base : base.slice(0, -ext.length) };
    },
    format({ root = '', dir, base, name = '', ext = '' }) {
      const last = base ?? name + (ext === '' || ext.startsWith('.') ? ext : `.${ext}`);
      const first = dir ?? root;
      return first === '' ? last : first === root ? first + last : `${first}/${last}`;
    },
    toNamespacedPath: (name) => name,
  };
  path.posix = path;
  path.default = path;
  return { path };
});
