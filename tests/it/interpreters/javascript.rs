//! What only the real component shows of `run_javascript`: its start from a snapshot, its stacks, and
//! requests to hosts. The language itself is tested natively, beside the plugin.

use std::collections::BTreeSet;
use std::time::Duration;

use loom_tests::interpreters::{Interpreter, JAVASCRIPT, limits, scratch};
use loom_tests::sandbox::engine;
use loom_tests::server::{Server, response};
use loom_tests::skipped;
use loom_types::ToolContext;
use loom_wasm::Grants;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

async fn interpreter(grants: Grants) -> Option<Interpreter> {
    Interpreter::with(&engine(), JAVASCRIPT, grants, limits(PATIENCE)).await
}

async fn run(interpreter: &Interpreter, code: &str) -> Value {
    let context = ToolContext::standalone(PATIENCE);
    let result = interpreter.call(json!({ "code": code }), &context).await;
    result.unwrap_or_else(|error| panic!("{code}: {error}"))
}

#[tokio::test]
async fn each_fresh_call_has_its_own_chance_and_the_time_of_now() {
    let Some(interpreter) = interpreter(scratch()).await else {
        return;
    };
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let result = run(&interpreter, "Math.random()").await;
        assert!(seen.insert(result["value"].to_string()), "{result}");
    }
    let code = "[performance.now() < 20000, Date.now() - performance.timeOrigin < 20000]";
    let result = run(&interpreter, code).await;
    assert_eq!(result["value"], "[ true, true ]");
}

/// Kinds of recursion that end in an error which code can catch.
const RECURSIONS: [&str; 22] = [
    "(function f() { return f() + 1 })()",
    "(function f(...a) { return f(...a, 1) })()",
    "class A { constructor() { new A() } }; new A()",
    "(function f() { return [2, 1].sort(f).length })()",
    "(function f() { return 'a'.replace(/a/, f) })()",
    "const o = { get a() { return this.a } }; o.a",
    "const o = { toString() { return `${this}` } }; `${o}`",
    "function* g() { yield* g() }; g().next()",
    "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.a",
    "JSON.parse('['.repeat(1e5) + ']'.repeat(1e5))",
    "JSON.parse('{\"a\":'.repeat(1e5) + '1' + '}'.repeat(1e5))",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)",
    "let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; JSON.stringify(a)",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)",
    "let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; structuredClone(a)",
    "eval('('.repeat(1e5) + ')'.repeat(1e5))",
    "eval('['.repeat(1e5) + ']'.repeat(1e5))",
    "eval('!'.repeat(1e5) + '1')",
    "eval('2**'.repeat(1e5) + '1')",
    "eval('`${'.repeat(5e4) + '}`'.repeat(5e4))",
    "new Function('['.repeat(1e5))",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_deep_recursion_is_an_error_that_code_can_catch() {
    let Some(interpreter) = interpreter(scratch()).await else {
        return;
    };
    for recursion in RECURSIONS {
        let code = format!("try {{ {recursion} }} catch (error) {{ console.log(error.name) }}");
        let result = run(&interpreter, &code).await;
        assert_eq!(result["stdout"], "RangeError\n", "{recursion}: {result}");
    }
    let whole = run(&interpreter, &"(".repeat(100_000)).await;
    assert_eq!(whole["error"]["type"], "RangeError", "{whole}");
    let depth = "let depth = 0; function f() { depth++; f() }; try { f() } catch { }; depth > 2500";
    assert_eq!(run(&interpreter, depth).await["value"], "true");
}

#[tokio::test]
async fn fetch_reaches_the_hosts_that_are_granted_and_no_other() {
    let server = Server::start(|request| {
        let body = request.lines().last().unwrap_or_default();
        let body = json!({ "sent": body, "method": request.split(' ').next() });
        response(
            "201 Created",
            &[("content-type", "application/json"), ("x-mark", "grüße")],
            &body.to_string(),
        )
    })
    .await;
    let grants = Grants {
        network: [server.url().parse().unwrap()].into_iter().collect(),
        ..scratch()
    };
    let Some(interpreter) = interpreter(grants).await else {
        return;
    };
    let code = format!(
        "const answer = await fetch('{}/a', {{ method: 'POST', body: 'hello', headers: {{ 'x-own': '1' }} }});\n\
         [answer.status, answer.ok, answer.headers.get('content-type'), await answer.json()]",
        server.url()
    );
    let result = run(&interpreter, &code).await;
    assert_eq!(
        result["value"], "[ 201, true, 'application/json', { sent: 'hello', method: 'POST' } ]",
        "{result}"
    );
    assert!(server.requests()[0].contains("x-own: 1"));
    let other = run(&interpreter, "await fetch('http://other.example/')").await;
    assert_eq!(other["error"]["type"], "TypeError", "{other}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_component_begins_with_a_started_interpreter() {
    let mut all = loom_builtins::ALL.iter();
    let Some(javascript) = all.find(|builtin| builtin.name == JAVASCRIPT.plugin) else {
        return skipped(JAVASCRIPT.plugin, "what its build names as missing");
    };
    let section = b"\x0dloom:prepared";
    let mut windows = javascript.wasm.windows(section.len());
    assert!(windows.any(|each| each == section), "it was not prepared");
}
