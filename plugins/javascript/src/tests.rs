//! Code that is run, natively, in a place of its own.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::path::Path;
use std::time::{Duration, Instant};

use loom_sdk::testing::context;
use loom_sdk::tool::Content;
use loom_snippet::{Arguments, Roots, Session, Settings};
use serde_json::{Value, json};

use crate::engine::JavaScript;

/// A place to run code in, and what is kept of it.
struct Place {
    directory: tempfile::TempDir,
    session: Session<JavaScript>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["work", "session"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self {
            directory,
            session: Session::new(JavaScript::prepared().unwrap()),
        }
    }

    fn work(&self) -> &Path {
        self.directory.path()
    }

    fn roots(&self, keeps: bool) -> Roots {
        Roots {
            work: Some(self.work().join("work")),
            session: keeps.then(|| self.work().join("session")),
            ..Roots::default()
        }
    }

    fn call(&mut self, arguments: Value) -> Value {
        let keeps = arguments.get("session").is_some();
        let arguments: Arguments = serde_json::from_value(arguments).unwrap();
        let roots = self.roots(keeps);
        let settings = Settings::read(|_| None).unwrap();
        let content = self.session.call(&arguments, &context(), &roots, &settings);
        match content.unwrap().remove(0) {
            Content::Json(json) => serde_json::from_str(&json).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// In a session.
    fn keep(&mut self, code: &str) -> Value {
        self.call(json!({"code": code, "session": "s"}))
    }

    /// As after the instance was dropped with its variables written down.
    fn resume(&mut self) {
        let roots = self.roots(true);
        self.session.suspend(&roots).unwrap();
        self.session = Session::new(JavaScript::new());
    }
}

fn run(code: &str) -> Value {
    Place::new().call(json!({"code": code}))
}

fn check_output(code: &str, expected: &str) {
    let result = run(code);
    assert_eq!(result["error"], Value::Null, "{code}: {result}");
    assert_eq!(
        result["stdout"].as_str().unwrap_or_default(),
        expected,
        "{code}"
    );
}

fn check_value(code: &str, expected: &str) {
    let result = run(code);
    assert_eq!(result["value"], json!(expected), "{code}: {result}");
}

fn check_error(code: &str, kind: &str, message: &str, place: &str) {
    let result = run(code);
    let error = &result["error"];
    assert_eq!(error["type"], json!(kind), "{code}: {result}");
    assert!(
        error["message"].as_str().unwrap().contains(message),
        "{code}: {error}"
    );
    assert!(
        error["traceback"]
            .as_str()
            .unwrap_or_default()
            .contains(place),
        "{code}: {error}"
    );
    assert_eq!(result["exit_status"], json!(1));
}

#[test]
fn the_last_expression_is_the_value() {
    check_value("1 + 1", "2");
    check_value("const a = [1, 2]; a.map(n => n * 2)", "[ 2, 4 ]");
    check_value("'text'", "'text'");
    check_value("({a: {b: {c: {d: 1}}}})", "{ a: { b: { c: [Object] } } }");
    check_value("await Promise.resolve(3)", "3");
    check_value("Promise.resolve(4)", "4");
    assert_eq!(run("let x = 1;")["value"], Value::Null);
}

#[test]
fn console_formats_as_node_does() {
    check_output(
        "console.log('%s is %d', 'a', 4, {b: [1]})",
        "a is 4 { b: [ 1 ] }\n",
    );
    check_output(
        "console.log(new Map([['k', new Set([1])]]))",
        "Map(1) { 'k' => Set(1) { 1 } }\n",
    );
    check_output(
        "class A { x = 1 }\nconsole.log(new A(), A)",
        "A { x: 1 } [class A]\n",
    );
    check_output(
        "console.group('g'); console.log('in'); console.groupEnd(); console.log('out')",
        "g\n  in\nout\n",
    );
    check_output(
        "console.table([{a: 1}])",
        "┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘\n",
    );
    assert_eq!(run("console.error('bad')")["stderr"], json!("bad\n"));
}

#[test]
fn jobs_and_timers_run_in_nodes_order() {
    check_output(
        "setTimeout(() => console.log('timer'), 0); setImmediate(() => console.log('immediate'));\n\
         Promise.resolve().then(() => console.log('job')); process.nextTick(() => console.log('tick'));\n\
         queueMicrotask(() => console.log('micro')); console.log('now')",
        "now\ntick\njob\nmicro\ntimer\nimmediate\n",
    );
    check_output(
        "let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); console.log(n) } }, 1)",
        "3\n",
    );
}

#[test]
fn errors_tell_where_they_were_thrown() {
    check_error("\n\nnull.x", "TypeError", "null", "<code>:3:");
    check_error(
        "function f() {\n  throw new RangeError('no')\n}\nf()",
        "RangeError",
        "no",
        "f (<code>:2:",
    );
    check_error("let a = 1\nlet = = 2", "SyntaxError", "", "<code>:2:");
    check_error(
        "Promise.reject(new Error('late'))",
        "Error",
        "late",
        "<code>:1:",
    );
    check_error(
        "setTimeout(() => { missing() })",
        "ReferenceError",
        "missing",
        "<code>:1:",
    );
    check_error(
        "class MyError extends Error {}\nthrow new MyError('own')",
        "MyError",
        "own",
        "<code>:2:",
    );
    check_error("throw {message: 'plain'}", "Uncaught", "plain", "");
    check_error("await new Promise(() => {})", "Unsettled", "promise", "");
}

#[test]
fn exit_ends_the_run_with_its_status() {
    let result = run("console.log('a'); try { process.exit(3) } finally { console.log('b') }");
    assert_eq!(result["exit_status"], json!(3));
    assert_eq!(result["stdout"], json!("a\n"));
    assert_eq!(run("process.exitCode = 2")["exit_status"], json!(2));
}

#[test]
fn endless_code_is_stopped_and_the_session_lives() {
    for code in [
        "console.log('before'); while (true) {}",
        "console.log('before'); for (;;) await null",
        "console.log('before'); await new Promise(r => setTimeout(r, 1e6))",
        "console.log('before'); const f = () => Promise.resolve().then(f); f()",
        "console.log('before'); /^(a+)+$/.test('a'.repeat(40) + 'b')",
        "console.log('before'); setInterval(() => {}, 1)",
    ] {
        let mut place = Place::new();
        place.keep("var kept = 7");
        let start = Instant::now();
        let result = place.call(json!({"code": code, "session": "s", "timeout_ms": 250}));
        assert_eq!(
            result["error"]["type"],
            json!("Timeout"),
            "{code}: {result}"
        );
        assert_eq!(result["stdout"], json!("before\n"), "{code}");
        assert!(start.elapsed() < Duration::from_millis(2000), "{code}");
        assert_eq!(place.keep("kept")["value"], json!("7"), "{code}");
    }
}

#[test]
fn deep_recursion_is_a_range_error() {
    for code in [
        "function f() { return f() + 1 }\nf()",
        "const f = (...a) => f(...a, 1); f()",
        "class A { get x() { return this.x } }\nnew A().x",
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
        "JSON.parse('['.repeat(1e5))",
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)",
        "eval('('.repeat(1e5))",
        "const o = { toString() { return `${o}` } }; `${o}`",
        "new Proxy({}, { get(t, k, r) { return r[k] } }).x",
        "[3, 2, 1].sort(function c() { return [1, 2].sort(c).length })",
    ] {
        let mut place = Place::new();
        let result = place.keep(code);
        let kind = result["error"]["type"].as_str().unwrap_or_default();
        assert!(
            matches!(kind, "RangeError" | "SyntaxError" | "InternalError"),
            "{code}: {result}"
        );
        assert_eq!(place.keep("1 + 1")["value"], json!("2"), "{code}");
    }
}

#[test]
fn memory_bombs_are_errors_that_can_be_caught() {
    let result = run("const a = []; for (;;) a.push({})");
    assert_eq!(
        result["error"]["message"],
        json!("out of memory"),
        "{result}"
    );
    let mut place = Place::new();
    let result = place.keep("const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)");
    assert_eq!(
        result["error"]["message"],
        json!("out of memory"),
        "{result}"
    );
    assert_eq!(place.keep("a.length = 0; 5")["value"], json!("5"));
}

#[test]
fn a_session_keeps_names_which_can_be_declared_again() {
    let mut place = Place::new();
    place.keep(
        "const a = 1; let b = [2]; class C { m() { return 'old' } }\nfunction f() { return a }",
    );
    assert_eq!(
        place.keep("[a, b, new C().m(), f()]")["value"],
        json!("[ 1, [ 2 ], 'old', 1 ]")
    );
    place.keep(
        "const a = 10; class C { m() { return 'new' } }\nlet { b, ...rest } = { b: 3, z: 4 }",
    );
    assert_eq!(
        place.keep("[a, b, rest, new C().m(), f()]")["value"],
        json!("[ 10, 3, { z: 4 }, 'new', 10 ]")
    );
    let error = place.keep("\nclass D {}; throw new Error('x')");
    assert!(
        error["error"]["traceback"]
            .as_str()
            .unwrap()
            .contains("<code>:2:"),
        "{error}"
    );
}

#[test]
fn variables_outlive_the_instance() {
    let mut place = Place::new();
    place.keep(
        "const n = 42, s = 'text', big = 10n, d = new Date(0), r = /a+/gi;\n\
         const m = new Map([['k', {deep: [1, undefined, NaN]}]]); const u = new Uint8Array([1, 2]);\n\
         const loop = {name: 'loop'}; loop.self = loop;\n\
         function twice(x) { return x * 2 } const add = (a, b) => a + b;\n\
         class P { constructor(x) { this.x = x } get double() { return this.x * 2 } }\n\
         class Q extends P {} const q = new Q(4);\n\
         const counter = (() => { let c = 0; return () => ++c })(); const pending = new Promise(() => {})",
    );
    place.resume();
    let result = place.keep("[n, s, big, d, r, m, u, loop.self === loop, twice(2), add(1, 2), q.double, q instanceof P]");
    assert_eq!(
        result["value"],
        json!(
            "[\n  42,\n  'text',\n  10n,\n  1970-01-01T00:00:00.000Z,\n  /a+/gi,\n  Map(1) { 'k' => { deep: [Array] } },\n  Uint8Array(2) [ 1, 2 ],\n  true,\n  4,\n  3,\n  8,\n  true\n]"
        ),
        "{result}"
    );
    assert_eq!(result["restored"], json!(true));
    let lost = result["lost"].to_string();
    assert!(
        lost.contains("counter") && lost.contains("pending"),
        "{lost}"
    );
}

#[test]
fn modules_are_loaded_by_path() {
    let mut place = Place::new();
    let result = place.call(json!({
        "code": "import sum, { name as n } from './m.mjs'\nimport * as data from './d.json'\nimport fs, { readFileSync } from 'node:fs'\nconst c = require('./c.js');\n[sum(1, 2), n, data.default, c.x, fs.readFileSync === readFileSync, import.meta.url.startsWith('file:')]",
        "files": {"inputs": {
            "m.mjs": "export default (a, b) => a + b\nexport const name = 'm'",
            "d.json": "{\"k\": 1}",
            "c.js": "exports.x = __filename.endsWith('c.js')"
        }}
    }));
    assert_eq!(
        result["value"],
        json!("[ 3, 'm', { k: 1 }, true, true, true ]"),
        "{result}"
    );
    let error = run("require('lodash')");
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("there are no packages"),
        "{error}"
    );
}

#[test]
fn files_are_read_and_written() {
    let mut place = Place::new();
    let result = place.call(json!({
        "code": "const fs = require('fs'); fs.writeFileSync('a.txt', 'one'); fs.appendFileSync('a.txt', ' two');\nfs.mkdirSync('d/e', {recursive: true}); fs.writeFileSync('d/b.bin', Buffer.from([0, 255]));\n[fs.readFileSync('a.txt', 'utf8'), fs.readdirSync('.'), fs.statSync('d').isDirectory(), fs.readFileSync('d/b.bin'), await fs.promises.readFile('a.txt', 'utf8'), fs.existsSync('zz')]",
    }));
    assert_eq!(
        result["value"],
        json!("[ 'one two', [ 'a.txt', 'd' ], true, <Buffer 00 ff>, 'one two', false ]"),
        "{result}"
    );
    check_error(
        "require('fs').readFileSync('no.txt')",
        "Error",
        "ENOENT: no such file or directory (directories",
        "<code>:1:",
    );
}

#[test]
fn standard_input_is_read_as_in_node() {
    for code in [
        "require('fs').readFileSync(0, 'utf8')",
        "let s = ''; for await (const c of process.stdin) s += c; s",
    ] {
        let result = Place::new().call(json!({"code": code, "stdin": "a\nb\n"}));
        assert_eq!(result["value"], json!("'a\\nb\\n'"), "{result}");
    }
    let result = Place::new().call(json!({
        "code": "require('readline').createInterface({input: process.stdin}).on('line', l => console.log('>' + l)).on('close', () => console.log('end'))",
        "stdin": "a\nb"
    }));
    assert_eq!(result["stdout"], json!(">a\n>b\nend\n"), "{result}");
}

#[test]
fn the_webs_names_are_there() {
    check_value(
        "const u = new URL('../b?x=1#h', 'https://e.com/a/c'); u.searchParams.append('y', 'a b'); u.href",
        "'https://e.com/b?x=1&y=a+b#h'",
    );
    check_value(
        "new TextDecoder().decode(new TextEncoder().encode('grüß 😀'))",
        "'grüß 😀'",
    );
    check_value("atob(btoa('hi'))", "'hi'");
    check_value(
        "const c = structuredClone({d: new Date(0), m: new Map([[1, [2]]])}); c",
        "{ d: 1970-01-01T00:00:00.000Z, m: Map(1) { 1 => [ 2 ] } }",
    );
    check_value(
        "Buffer.from('aGk=', 'base64').toString() + Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString('hex')",
        "'hi6162'",
    );
    check_value(
        "(1234567.891).toLocaleString() + new Date(0).toLocaleDateString('en-US')",
        "'1,234,567.8911/1/1970'",
    );
    check_value(
        "crypto.randomUUID().length + require('crypto').createHash('sha256').update('').digest('hex').slice(0, 8)",
        "'36e3b0c442'",
    );
    check_value(
        "const a = new AbortController(); a.abort(); a.signal.aborted",
        "true",
    );
    check_error(
        "await fetch('http://localhost/')",
        "TypeError",
        "fetch failed",
        "",
    );
}

#[test]
fn buffers_are_bytes_with_encodings() {
    for (name, text) in [
        ("utf8", "grüß €"),
        ("utf16le", "grüß €"),
        ("latin1", "grüß"),
        ("hex", "00ff10"),
        ("base64", "aGk/Pg=="),
        ("base64url", "aGk_Pg"),
    ] {
        let code = format!("Buffer.from('{text}', '{name}').toString('{name}')");
        check_value(&code, &format!("'{text}'"));
    }
    check_value("Buffer.from([1, 2, 300])", "<Buffer 01 02 2c>");
    check_value(
        "const b = Buffer.alloc(8); b.writeUInt16BE(0x1234, 0); b.writeDoubleLE; b.writeInt32LE(-2, 2); [b.readUInt16BE(0), b.readInt32LE(2), b.toString('hex')]",
        "[ 4660, -2, '1234feffffff0000' ]",
    );
    check_value(
        "const a = Buffer.from('abcabc'); [a.indexOf('ca'), a.subarray(1, 3).toString(), a.equals(Buffer.from('abcabc')), Buffer.compare(a, Buffer.from('abd')), Buffer.byteLength('ü'), JSON.stringify(Buffer.from('a'))]",
        "[ 2, 'bc', true, -1, 2, '{\"type\":\"Buffer\",\"data\":[97]}' ]",
    );
    check_error("Buffer.alloc(2).readInt32LE(0)", "RangeError", "offset", "");
    check_error(
        "Buffer.from('a', 'utf7')",
        "TypeError",
        "Unknown encoding",
        "",
    );
    check_error("Buffer.from(5)", "TypeError", "first argument", "");
}

#[test]
fn hashes_are_those_of_their_standards() {
    for (name, digest) in [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "sha256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
    ] {
        let code = format!(
            "require('crypto').createHash('{name}').update('a').update('bc').digest('hex')"
        );
        check_value(&code, &format!("'{digest}'"));
    }
    check_value(
        "require('crypto').createHmac('md5', 'key').update('The quick brown fox jumps over the lazy dog').digest('hex')",
        "'80070713463e7749b90c2dc24911e275'",
    );
    check_error(
        "require('crypto').createHash('whirlpool')",
        "Error",
        "there are md5, sha1",
        "",
    );
}

#[test]
fn snapshots_by_name_are_gone_back_to() {
    let mut place = Place::new();
    let call = |place: &mut Place, code: &str, more: Value| {
        let mut arguments = json!({"code": code, "session": "s"});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        place.call(arguments)
    };
    call(
        &mut place,
        "let list = [1]; function last() { return list.at(-1) }",
        json!({"snapshot": "one"}),
    );
    call(
        &mut place,
        "list.push(2); let other = 1",
        json!({"snapshot": "two"}),
    );
    call(&mut place, "list.push(3)", json!({}));
    let one = call(
        &mut place,
        "[last(), typeof other]",
        json!({"reset": "one"}),
    );
    assert_eq!(one["value"], "[ 1, 'undefined' ]", "{one}");
    let two = call(
        &mut place,
        "[last(), typeof other]",
        json!({"reset": "two"}),
    );
    assert_eq!(two["value"], "[ 2, 'number' ]", "{two}");
    let anew = call(&mut place, "typeof list", json!({"reset": true}));
    assert_eq!(anew["value"], "'undefined'", "{anew}");
}

#[test]
fn code_that_breaks_its_globals_still_gets_results() {
    check_output(
        "Array.prototype.push = Array.prototype.map = JSON.stringify = Object.keys = String.prototype.slice = () => { throw 1 };\n\
         Promise.prototype.then = null; globalThis.Map = null; console.log({a: [1]})",
        "{ a: [ 1 ] }\n",
    );
    check_value(
        "Object.freeze(Object.prototype); Object.freeze(globalThis); [1]",
        "[ 1 ]",
    );
}

#[test]
fn a_getter_is_not_called_to_show_it() {
    check_value(
        "({ get a() { throw 1 }, b: new Proxy({c: 1}, {get() { throw 2 }}) })",
        "{ a: [Getter], b: { c: 1 } }",
    );
}

#[test]
fn chance_and_time_are_those_of_the_run() {
    let code = "[Math.random(), Math.random()]";
    assert_ne!(run(code)["value"], run(code)["value"]);
    check_value(
        "const first = Math.random; Math.random = () => 2; [Math.random(), first() < 1]",
        "[ 2, true ]",
    );
    check_value(
        "[performance.now() < 5000, process.uptime() < 5, Math.abs(Date.now() - performance.timeOrigin) < 5000]",
        "[ true, true, true ]",
    );
    check_value("process.env.PATH === undefined", "false");
    check_value(
        "[Math.random.name, Math.random instanceof Function, Object.keys(Math)]",
        "[ 'random', true, [] ]",
    );
}
