// node's fs, as far as a sandbox has it: whole files, directories, promises of the same.
(function (kernel, host) {
  'use strict';
  const encoding = host.part('encoding');
  const NUMBERS = { ENOENT: -2, EACCES: -13, EEXIST: -17, ENOTDIR: -20, EISDIR: -21, ENOTEMPTY: -39, EROFS: -30, ENOSPC: -28, ENOSYS: -38, EIO: -5 };

  function failure(code, message, call, path, target) {
    const between = target === undefined ? '' : ` -> '${target}'`;
    const error = new Error(`${code}: ${message}, ${call} '${path}'${between}`);
    return Object.assign(error, { errno: NUMBERS[code], code, syscall: call, path, ...(target === undefined ? {} : { dest: target }) });
  }
  function name(path) {
    if (typeof path === 'string') return path;
    if (path instanceof globalThis.URL) return decodeURIComponent(path.pathname);
    if (ArrayBuffer.isView(path)) return encoding.utf8(path);
    const error = new TypeError(`The "path" argument must be of type string or an instance of Buffer or URL. Received ${kernel.inspect(path)}`);
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  }
  // Asks the host; `call` is what node calls the operation in errors.
  function ask(call, operation, path, second = '', flag = false) {
    const answer = host.file(operation, path, second, flag);
    if (answer.code !== undefined) {
      throw failure(answer.code, answer.message, call, path, operation === 'rename' || operation === 'copy' ? second : undefined);
    }
    return answer;
  }
  const option = (options, key) => (typeof options === 'object' && options !== null ? options[key] : undefined);
  const encodingOf = (options) => (typeof options === 'string' ? options : option(options, 'encoding')) ?? undefined;
  const isUtf8 = (label) => /^utf-?8$/i.test(label ?? '');

  const isInput = (path) => path === 0 || path === '/dev/stdin';
  function readFileSync(path, options) {
    const label = encodingOf(options);
    if (isInput(path)) {
      const text = host.part('stdin').take();
      return label === undefined ? globalThis.Buffer.from(text) : text;
    }
    path = name(path);
    if (isUtf8(label)) return ask('open', 'readText', path).value;
    const buffer = globalThis.Buffer.from(ask('open', 'readBytes', path).base64, 'base64');
    return label === undefined ? buffer : buffer.toString(label);
  }
  function put(path, data, options, append) {
    if (path === 1 || path === 2 || path === '/dev/stdout' || path === '/dev/stderr') {
      host.write(path === 2 || path === '/dev/stderr' ? 2 : 1, encoding.text(data).toWellFormed());
      return;
    }
    path = name(path);
    const label = encodingOf(options);
    if (option(options, 'flag')?.startsWith('a')) append = true;
    if (option(options, 'flag')?.includes('x') && fs.existsSync(path)) throw failure('EEXIST', 'file already exists', 'open', path);
    if (typeof data === 'string' && (label === undefined || isUtf8(label))) {
      ask('open', 'writeText', path, data.toWellFormed(), append);
      return;
    }
    if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
      const error = new TypeError(`The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${kernel.inspect(data)}`);
      error.code = 'ERR_INVALID_ARG_TYPE';
      throw error;
    }
    const bytes = typeof data === 'string' ? globalThis.Buffer.from(data, label) : encoding.view(data);
    ask('open', 'writeBytes', path, encoding.toBase64(bytes), append);
  }

  class Stats {
    constructor(answer) {
      Object.assign(this, {
        dev: 0, mode: answer.isDirectory ? 0o40755 : answer.isLink ? 0o120777 : 0o100644, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 4096, ino: 0,
        size: answer.size, blocks: Math.ceil(answer.size / 512), atimeMs: answer.modified, mtimeMs: answer.modified, ctimeMs: answer.modified, birthtimeMs: answer.modified,
      });
      for (const kind of ['atime', 'mtime', 'ctime', 'birthtime']) this[kind] = new Date(answer.modified);
      for (const kind of ['isFile', 'isDirectory']) Object.defineProperty(this, kind, { value: () => answer[kind] });
      Object.defineProperty(this, 'isSymbolicLink', { value: () => answer.isLink });
      for (const kind of ['isFIFO', 'isSocket', 'isBlockDevice', 'isCharacterDevice']) Object.defineProperty(this, kind, { value: () => false });
    }
  }
  class Dirent {
    #mark;
    constructor(mark, itsName, parent) {
      this.#mark = mark;
      Object.assign(this, { name: itsName, parentPath: parent, path: parent });
    }
    isFile() { return this.#mark === 'f'; }
    isDirectory() { return this.#mark === 'd'; }
    isSymbolicLink() { return this.#mark === 'l'; }
  }

  function status(call, path, options, links) {
    try {
      return new Stats(ask(call, 'status', name(path), '', links));
    } catch (error) {
      if (option(options, 'throwIfNoEntry') === false && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  const fs = {
    readFileSync,
    writeFileSync: (path, data, options) => put(path, data, options, false),
    appendFileSync: (path, data, options) => put(path, data, options, true),
    existsSync: (path) => {
      try {
        return host.file('exists', name(path), '', false).value === true;
      } catch {
        return false;
      }
    },
    accessSync: (path) => { ask('access', 'status', name(path)); },
    readdirSync: (path, options) => {
      path = name(path);
      const entries = ask('scandir', 'list', path, '', true).value;
      const dirents = entries.map((entry) => new Dirent(entry[0], entry.slice(1), path));
      if (option(options, 'recursive')) {
        for (let i = 0; i < dirents.length; i++) {
          if (!dirents[i].isDirectory()) continue;
          const inner = `${dirents[i].parentPath}/${dirents[i].name}`;
          for (const entry of ask('scandir', 'list', inner, '', true).value) dirents.push(new Dirent(entry[0], entry.slice(1), inner));
        }
      }
      if (option(options, 'withFileTypes')) return dirents;
      return dirents.map((each) => (each.parentPath === path ? each.name : `${each.parentPath.slice(path.length + 1)}/${each.name}`));
    },
    mkdirSync: (path, options) => { ask('mkdir', 'makeDirectory', name(path), '', option(options, 'recursive') === true); },
    mkdtempSync: (prefix) => {
      const path = prefix + Array.from(new Uint8Array(host.random(6)), (byte) => 'abcdefghijklmnopqrstuvwxyz0123456789'[byte % 36]).join('');
      fs.mkdirSync(path);
      return path;
    },
    rmSync: (path, options) => {
      path = name(path);
      const status = host.file('status', path, '', true);
      if (status.code !== undefined) {
        if (option(options, 'force')) return;
        throw failure(status.code, status.message, 'rm', path);
      }
      if (!status.isDirectory) ask('unlink', 'removeFile', path);
      else if (option(options, 'recursive')) ask('rm', 'removeDirectory', path, '', true);
      else throw failure('EISDIR', 'is a directory (give { recursive: true })', 'rm', path);
    },
    rmdirSync: (path, options) => { ask('rmdir', 'removeDirectory', name(path), '', option(options, 'recursive') === true); },
    unlinkSync: (path) => { ask('unlink', 'removeFile', name(path)); },
    statSync: (path, options) => status('stat', path, options, false),
    lstatSync: (path, options) => status('lstat', path, options, true),
    renameSync: (from, to) => { ask('rename', 'rename', name(from), name(to)); },
    copyFileSync: (from, to) => { ask('copyfile', 'copy', name(from), name(to)); },
    cpSync: (from, to, options) => {
      if (!fs.statSync(from).isDirectory()) return fs.copyFileSync(from, to);
      if (!option(options, 'recursive')) throw failure('EISDIR', 'is a directory (give { recursive: true })', 'cp', from);
      fs.mkdirSync(to, { recursive: true });
      for (const each of fs.readdirSync(from)) fs.cpSync(`${from}/${each}`, `${to}/${each}`, options);
      return undefined;
    },
    realpathSync: (path) => ask('realpath', 'realPath', name(path)).value,
    constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1 },
    Stats, Dirent,
  };
  for (const absent of ['watch', 'watchFile', 'createServer', 'openSync', 'symlinkSync', 'linkSync', 'chmodSync', 'chownSync']) {
    fs[absent] = () => {
      throw Object.assign(new Error(`fs.${absent} is not there: use readFileSync, writeFileSync, appendFileSync and their kin for whole files`), { code: 'ENOSYS' });
    };
  }

  const promises = { constants: fs.constants };
  for (const key of ['readFile', 'writeFile', 'appendFile', 'access', 'readdir', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'unlink', 'stat', 'lstat', 'rename', 'copyFile', 'cp', 'realpath']) {
    const now = fs[`${key}Sync`];
    promises[key] = async (...args) => now(...args);
    fs[key] = (...args) => {
      const done = args.pop();
      if (typeof done !== 'function') throw Object.assign(new TypeError(`The "cb" argument must be of type function. Received ${kernel.inspect(done)}`), { code: 'ERR_INVALID_ARG_TYPE' });
      promises[key](...args).then((value) => setImmediate(() => done(null, value)), (error) => setImmediate(() => done(error)));
    };
  }
  fs.exists = (path, done) => setImmediate(() => done(fs.existsSync(path)));
  fs.promises = promises;

  const { EventEmitter } = host.part('events');
  fs.createWriteStream = (path, options) => {
    const stream = new EventEmitter();
    put(path, '', options, encodingOf(options) === undefined && option(options, 'flags') === 'a');
    stream.write = (data, label, done = label) => {
      put(path, data, undefined, true);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    };
    stream.end = (data, label, done = label) => {
      if (data !== undefined && typeof data !== 'function') put(path, data, undefined, true);
      const after = typeof data === 'function' ? data : done;
      setImmediate(() => {
        if (typeof after === 'function') after();
        stream.emit('finish');
        stream.emit('close');
      });
      return stream;
    };
    return Object.assign(stream, { path, writable: true });
  };
  fs.createReadStream = (path, options) => {
    const stream = new EventEmitter();
    const read = () => readFileSync(path, options);
    let asked = false;
    const on = stream.on.bind(stream);
    stream.on = (event, listener) => {
      on(event, listener);
      if ((event === 'data' || event === 'end') && !asked) {
        asked = true;
        setImmediate(() => {
          try {
            stream.emit('data', read());
            stream.emit('end');
            stream.emit('close');
          } catch (error) {
            stream.emit('error', error);
          }
        });
      }
      return stream;
    };
    stream.read = () => readFileSync(path, 'utf8');
    stream.setEncoding = (label) => { options = label; return stream; };
    stream.pipe = (target) => { target.write(read()); target.end?.(); return target; };
    stream[Symbol.asyncIterator] = async function* () { yield read(); };
    return stream;
  };
  fs.default = fs;
  return { fs };
});
