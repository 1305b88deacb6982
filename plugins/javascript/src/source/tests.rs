//! What code is made into.

use super::{is_inside, is_module, prepare};

fn check(code: &str, keeps: bool, expected: &str) {
    assert_eq!(prepare(code, keeps).text, expected);
}

#[test]
fn code_without_modules_stays_as_it_is() {
    for code in [
        "let a = 1; const b = `x ${'let c'} y`; class C {}",
        "const r = /import x from 'y'/; a / b / c",
        "// import x from 'y'\n/* export */ 'export default 1'",
        "const t = `\nimport x from 'y'\n`",
        "import('./m.js')",
    ] {
        check(code, false, code);
    }
}

#[test]
fn imports_ask_for_modules() {
    check(
        "import a from 'm'\na",
        false,
        "const {default: a} = await import('m');\na",
    );
    check(
        "import a, { b as c, d } from \"m\";",
        false,
        "const {default: a, b: c, d} = await import(\"m\");",
    );
    check("import * as n from 'm'", true, "var n = await import('m');");
    check("import 'm';f()", false, "await import('m');f()");
    check(
        "import {\n  a,\n} from 'm' with { type: 'json' };\nb",
        false,
        "const {a} = await import('m');\n\n\nb",
    );
    check("f(import.meta.url)", false, "f(import_meta.url)");
}

#[test]
fn exports_are_plain_statements() {
    check("export const a = 1", false, "       const a = 1");
    check(
        "export default function f() {}",
        false,
        "               function f() {}",
    );
    check("export default 5", false, "void           5");
    check(
        "const a = 1\nexport { a }",
        false,
        "const a = 1\n            ",
    );
    assert!(is_module("export { a }") && is_module("import a from 'b'"));
    assert!(!is_module("const a = import('b'); f({ export: 1 })"));
}

#[test]
fn declarations_of_a_session_can_be_repeated() {
    check(
        "const a = 1\nlet [b] = c\n{ let d }\nfor (const e of f) {}",
        true,
        "var   a = 1\nvar [b] = c\n{ let d }\nfor (const e of f) {}",
    );
    check(
        "class A extends f({}) { m() {} }\nnew A",
        true,
        "var A=class A extends f({}) { m() {} };\nnew A",
    );
    check("let = 5; x = class Y {}", true, "let = 5; x = class Y {}");
}

#[test]
fn columns_are_those_of_the_code_as_written() {
    let shifts = prepare("class A { m() {} } f()", true).shifts;
    assert_eq!(shifts.column(1, 27), 20);
    assert_eq!(shifts.column(2, 5), 5);
}

#[test]
fn what_is_made_inside_of_functions_is_known() {
    let inside = |code: &str, what: &str| {
        let at = code.find(what).expect("the code has it");
        let column = u32::try_from(at + 1).expect("short");
        is_inside(code, (1, column), false)
    };
    assert!(!inside("const f = (x) => x + 1", "(x)"));
    assert!(inside("const f = (x) => (y) => x + y", "(y)"));
    assert!(inside(
        "const c = (() => { let n = 0; return () => ++n })()",
        "() => ++"
    ));
    assert!(!inside("const o = { a: [1], f: (x) => x }", "(x)"));
    assert!(!inside("const g = a => a, h = (b) => b", "(b)"));
    assert!(inside(
        "function k() { return function inner() {} }",
        "function inner"
    ));
}
