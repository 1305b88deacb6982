//! A user's own rules: what they can do, as people use them to script a model, and what is said about
//! wrong ones.
#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use loom_sdk::ErrorKind;
use loom_sdk::llm::StopReason;

use crate::testing::{Chat, Said, ask, request, user};

/// What the model says first to "go", by these rules.
fn first(rules: &str) -> Said {
    ask(&request(vec![user("go")]), Some(rules)).unwrap()
}

#[track_caller]
fn check_mistake(rules: &str, parts: &[&str]) {
    let error = ask(&request(vec![user("hello")]), Some(rules)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput, "{}", error.message);
    for part in parts {
        assert!(error.message.contains(part), "{rules}\n{}", error.message);
    }
}

#[test]
fn own_rules_come_first() {
    let rules = r#"
        [[rule]]
        name = "mine"
        pattern = '^how many (?<what>\w+) files'
        answer = "Too many {{ what }} files."
    "#;
    let mut chat = Chat::with_rules(rules);
    assert_eq!(
        chat.ask("How many Rust files are here?").text,
        "Too many Rust files."
    );
    assert_eq!(
        chat.ask("Please tell me, how many Go files?").text,
        "Too many Go files."
    );
    assert!(chat.ask("hello").text.starts_with("Hello!"));
}

#[test]
fn rules_may_be_json_as_the_configuration_gives_them() {
    let rules = r#" [ {"name": "mine", "patterns": ["^x$", "^go$"], "answer": "{{ input }}!", "steps": []} ]"#;
    assert_eq!(first(rules).text, "go!");
    let rules = r#"{"rule": [{"name": "mine", "pattern": "^{word}$", "answer": "{{ tables.t.a }}"}], "words": {"word": "go"}, "tables": {"t": {"a": "b"}}}"#;
    assert_eq!(first(rules).text, "b");
    for empty in ["", " \n", "[]", "{}", "# nothing"] {
        assert!(first(empty).text.starts_with("I have no rule"), "{empty}");
    }
}

#[test]
fn a_message_is_seen_as_it_was_typed_and_then_without_politeness() {
    let rules = r#"
        [[rule]]
        name = "typed"
        pattern = '^please say (?<what>.+)$'
        answer = "{{ what }}"
        [[rule]]
        name = "plain"
        pattern = '^shout (?<what>.+)$'
        answer = "{{ what | upper }}"
    "#;
    let mut chat = Chat::with_rules(rules);
    assert_eq!(chat.ask("Please say hi!").text, "hi!");
    assert_eq!(chat.ask("Could you shout grün?").text, "GRÜN");
    assert_eq!(chat.ask("shout hi!").text, "HI!");
}

#[test]
fn case_matters_if_the_rule_says_so() {
    let rules = r#"
        [[rule]]
        name = "exact"
        pattern = '^Größe$'
        case_sensitive = true
        answer = "exact"
        [[rule]]
        name = "any"
        pattern = '^größe$'
        answer = "any"
    "#;
    let mut chat = Chat::with_rules(rules);
    assert_eq!(chat.ask("Größe").text, "exact");
    assert_eq!(chat.ask("GRÖßE").text, "any");
}

#[test]
fn steps_use_the_results_of_earlier_ones() {
    let rules = r#"
        [[rule]]
        name = "script"
        pattern = '^go$'
        steps = [
            { tool = "glob", arguments = { pattern = "*.txt" }, as = "found", say = "Let me look." },
            [
                { tool = "read_file", for_each = "found.lines", arguments = { path = "{{ item }}" }, as = "texts" },
                { tool = "calculate", arguments = { expression = "{{ found.total }} + 1" } },
                { tool = "grep", if = "found.total > 5", arguments = { pattern = "x" } },
            ],
        ]
        answer = "{{ texts[0].lines | last }}, {{ result.text }}, {{ results | length }} results"
    "#;
    let mut chat = Chat::with_rules(rules);
    let answer = chat.ask("go");
    assert_eq!(
        answer.calls,
        [
            r#"glob {"pattern":"*.txt"}"#,
            r#"read_file {"path":"notes.txt"}"#,
            r#"calculate {"expression":"1 + 1"}"#,
        ]
    );
    assert_eq!(answer.text, "four, 1234, 3 results");
    let said = ask(&request(vec![user("go")]), Some(rules)).unwrap();
    assert_eq!(said.text, "Let me look.");
    assert_eq!(said.stop, Some(StopReason::ToolUse));
}

#[test]
fn arguments_can_be_broken() {
    let rules = r#"
        [[rule]]
        name = "broken"
        pattern = 'go'
        steps = [
            { tool = "read_file", arguments = '{"path": ', may_fail = true },
            { tool = "no_such_tool", arguments = { a = [1, 2.5, true, "x{{ 1 + 1 }}"] }, unchecked = true, may_fail = true },
        ]
        answer = "{{ results | map(attribute='ok') | join(' ') }}"
    "#;
    let answer = Chat::with_rules(rules).ask("go");
    assert_eq!(
        answer.calls,
        [
            r#"read_file {"path": "#,
            r#"no_such_tool {"a":[1,2.5,true,"x2"]}"#
        ]
    );
    assert_eq!(answer.text, "False False");
}

#[test]
fn a_call_is_repeated_turn_by_turn() {
    let rules = r#"
        [[rule]]
        name = "again and again"
        pattern = 'go'
        steps = [
            { tool = "append", arguments = { n = "{{ round }}" }, repeat = 3, unchecked = true, may_fail = true },
            { tool = "write_file", arguments = { path = "a.txt", content = "n{{ results | length }}" }, repeat = 1000000, if = "result.text != 'replaced a.txt (2 bytes)'" },
            [
                { tool = "calculate", arguments = { expression = "{{ round }}" }, repeat = 2 },
                { tool = "glob", arguments = { pattern = "*" } },
            ],
        ]
        answer = "{{ results | length }}"
    "#;
    let answer = Chat::with_rules(rules).ask("go");
    assert_eq!(
        answer.calls,
        [
            r#"append {"n":1}"#,
            r#"append {"n":2}"#,
            r#"append {"n":3}"#,
            r#"write_file {"content":"n3","path":"a.txt"}"#,
            r#"write_file {"content":"n4","path":"a.txt"}"#,
            r#"calculate {"expression":1}"#,
            r#"glob {"pattern":"*"}"#,
            r#"calculate {"expression":2}"#,
        ]
    );
    assert_eq!(answer.text, "8");
}

#[test]
fn hundreds_of_turns_and_results_are_possible() {
    let rules = r#"
        [[rule]]
        name = "many"
        pattern = 'go'
        steps = [{ tool = "calculate", arguments = { expression = "{{ round }}" }, repeat = 300 }]
        answer = "{{ results | length }}"
    "#;
    assert_eq!(Chat::with_rules(rules).ask("go").text, "300");
}

#[test]
fn a_failed_call_ends_the_rule_with_its_reason() {
    let rules = r#"
        [[rule]]
        name = "fails"
        pattern = 'go'
        steps = [
            [{ tool = "read_file", arguments = { path = "a" } }, { tool = "read_file", arguments = { path = "ü" } }],
            { tool = "calculate" },
        ]
        answer = "never"
    "#;
    let answer = Chat::with_rules(rules).ask("go");
    assert_eq!(answer.calls.len(), 2);
    assert_eq!(
        answer.text,
        "That did not work:\n- `read_file` failed: a does not exist\n- `read_file` failed: ü does not exist"
    );
}

#[test]
fn an_early_answer_skips_the_rest() {
    let rules = r#"
        [[rule]]
        name = "early"
        pattern = '(?<what>go|stop)'
        steps = [
            { if = "what == 'stop'", answer = "Stopped." },
            { tool = "calculate" },
            { answer = "Here {{ result.text }}." },
            { tool = "glob" },
        ]
    "#;
    let mut chat = Chat::with_rules(rules);
    assert_eq!(chat.ask("stop").text, "Stopped.");
    let answer = chat.ask("go");
    assert_eq!((answer.calls.len(), &*answer.text), (1, "Here 1234."));
}

#[test]
fn without_an_answer_the_results_are_given() {
    let rules = r#"rule = [{ name = "r", pattern = "go", steps = [[{ tool = "calculate" }, { tool = "glob", arguments = { pattern = "*.txt" } }]] }]"#;
    assert_eq!(Chat::with_rules(rules).ask("go").text, "1234\n\nnotes.txt");
}

#[test]
fn rules_choose_by_tools_turns_and_conditions() {
    let rules = r#"
        [[rule]]
        name = "needs a tool"
        pattern = 'go'
        when = ["teleport"]
        answer = "teleported"
        [[rule]]
        name = "first"
        pattern = 'go'
        if = "turn == 1"
        answer = "first"
        [[rule]]
        name = "after first"
        pattern = 'go'
        if = "last.answer == 'first' and 'glob' in tools"
        answer = "second after {{ last.input }}"
        [[rule]]
        name = "rest"
        pattern = 'go'
        answer = "turn {{ turn }}"
    "#;
    let mut chat = Chat::with_rules(rules);
    let answers = ["go", "go", "go"].map(|question| chat.ask(question).text);
    assert_eq!(answers, ["first", "second after go", "turn 3"]);
    chat.request.tools.push(crate::testing::tool("teleport"));
    assert_eq!(chat.ask("go").text, "teleported");
}

#[test]
fn own_words_tables_and_steps_add_to_the_shipped_ones() {
    let rules = r#"
        [words]
        animal = "(?<animal>cat|dog)"
        [tables.sounds]
        cat = "meow"
        [tables.kinds]
        Cobol = ["cob"]
        [steps]
        look = [{ tool = "glob", arguments = { pattern = "{{ animal }}*" } }, "count"]
        count = [{ tool = "calculate" }]
        [[rule]]
        name = "sound"
        pattern = '^what says the {animal} in {folder}$'
        steps = ["look"]
        answer = "{{ tables.sounds[animal] or 'nothing' }} in {{ dir }}, {{ tables.zones.tokyo }}"
    "#;
    let mut chat = Chat::with_rules(rules);
    let answer = chat.ask("What says the cat in src?");
    assert_eq!(answer.text, "meow in src, Asia/Tokyo");
    assert_eq!(answer.calls.len(), 2);
    assert_eq!(
        chat.ask("what says the dog in src").text,
        "nothing in src, Asia/Tokyo"
    );
    let calls = chat.ask("how many cobol files are here?").calls;
    assert_eq!(calls, [r#"glob {"limit":5000,"pattern":"**/*.cob"}"#]);
}

#[test]
fn an_own_rule_can_go_on_from_another() {
    let rules = r#"
        [[rule]]
        name = "greet"
        pattern = '^greet (?<who>\w+)(?: (?<how>loudly))?$'
        set = { shown = "{{ who | upper if how else who }}" }
        answer = "Hello {{ shown }}"
        [[rule]]
        name = "greet another"
        pattern = '^and (?<who>\w+)$'
        again = ["greet"]
        [[rule]]
        name = "say goodbye"
        pattern = '^and goodbye$'
        again = ["greet"]
        answer = "Goodbye {{ who }}"
    "#;
    let mut chat = Chat::with_rules(rules);
    let questions = ["greet Ada loudly", "and Grace", "and goodbye", "greet Alan"];
    let answers = questions.map(|question| chat.ask(question).text);
    assert_eq!(
        answers,
        ["Hello ADA", "Hello GRACE", "Hello GOODBYE", "Hello Alan"]
    );
}

#[test]
fn a_stream_can_end_in_any_way() {
    for (stop, expected) in [
        ("end-turn", Some(StopReason::EndTurn)),
        ("tool-use", Some(StopReason::ToolUse)),
        ("max-output-tokens", Some(StopReason::MaxOutputTokens)),
        ("stop-sequence", Some(StopReason::StopSequence)),
        ("content-filter", Some(StopReason::ContentFilter)),
        ("missing", None),
    ] {
        let rules =
            format!(r#"rule = [{{ name = "r", pattern = "go", answer = "x", stop = "{stop}" }}]"#);
        assert_eq!(first(&rules).stop, expected, "{stop}");
    }
}

#[test]
fn reasoning_and_usage_can_be_scripted() {
    let rules = r#"rule = [{ name = "r", pattern = "go", answer = "x", reasoning = "I think, {{ input }}.", usage = { input = 90000, output = 7 } }]"#;
    let said = first(rules);
    assert_eq!(said.reasoning, "I think, go.");
    let usage = said.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (90_000, 7));
}

#[test]
fn failures_can_be_scripted() {
    let rules = r#"
        [[rule]]
        name = "r"
        pattern = "go (?<what>.*)"
        error = { kind = "rate-limited", message = "too much {{ what }}", retry_after_ms = 1500, http_status = 429 }
    "#;
    let error = ask(&request(vec![user("go ahead")]), Some(rules)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert_eq!(error.message, "too much ahead");
    assert_eq!(
        (error.retry_after_ms, error.http_status),
        (Some(1500), Some(429))
    );
    for kind in [
        "invalid-input",
        "not-found",
        "denied",
        "unauthenticated",
        "timeout",
        "cancelled",
        "conflict",
        "unavailable",
        "internal",
    ] {
        let rules = format!(
            r#"rule = [{{ name = "r", pattern = "go", error = {{ kind = "{kind}", message = "m" }} }}]"#
        );
        assert!(
            ask(&request(vec![user("go")]), Some(&rules)).is_err(),
            "{kind}"
        );
    }
}

#[test]
fn a_wrong_field_is_named_with_its_rule_and_line() {
    let good = "[[rule]]\nname = \"good\"\npattern = \"x\"\nanswer = \"x\"\n";
    check_mistake(
        &format!("{good}\n[[rule]]\nname = \"bad\"\npatern = \"x\""),
        &["rule 2 \"bad\" (line 6)", "unknown field `patern`"],
    );
    check_mistake(
        &format!("{good}[[rule]]\nname = \"bad\"\npattern = \"(\"\nanswer = \"x\""),
        &["rule 2 \"bad\" (line 5), field pattern: is no regular expression"],
    );
    check_mistake(
        "rule = [{ name = \"r\", patterns = [\"x\", \"{foo}\"], answer = \"x\" }]",
        &["rule 1 \"r\", field patterns[1]", "the word {foo}"],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x\" }]",
        &["rule 1 \"r\", field answer: is missing"],
    );
    check_mistake(
        "rule = [{ name = \"r\", answer = \"x\" }]",
        &["field pattern: is missing"],
    );
    check_mistake(
        "rule = [{ name = \" \", pattern = \"\", answer = \"x\" }]",
        &["field name: is empty"],
    );
    check_mistake(
        "rule = [{ pattern = \"\", answer = \"x\" }]",
        &["rule 1: missing field `name`"],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = 5 }]",
        &["rule 1 \"r\", field pattern: invalid type: integer `5`"],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x\", answer = \"a\\n{{ b\" }]",
        &["rule 1 \"r\", field answer: line 2 of the template"],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x\", if = \"a +\", answer = \"x\" }]",
        &["field if: "],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x\", set = { a = \"{% x %}\" }, answer = \"x\" }]",
        &["field set.a: "],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x\", stop = \"never\" }]",
        &["field stop: unknown variant `never`"],
    );
}

#[test]
fn a_wrong_step_is_named_with_its_place() {
    let rule =
        |steps: &str| format!("rule = [{{ name = \"r\", pattern = \"x\", steps = {steps} }}]");
    let check =
        |steps: &str, part: &str| check_mistake(&rule(steps), &["rule 1 \"r\", field ", part]);
    check("[{ tol = \"x\" }]", "steps[0].tol: unknown field `tol`");
    check(
        "[{ tool = \"x\" }, [{ tool = 5 }]]",
        "steps[1][0].tool: invalid type: integer `5`",
    );
    check(
        "[{ tool = \"x\", arguments = 5 }]",
        "steps[0].arguments: expected a table",
    );
    check(
        "[5]",
        "steps[0]: invalid type: integer `5`, expected a call such as",
    );
    check("[[]]", "steps[0]: is an empty list");
    check("[{ arguments = {} }]", "steps[0]: needs a `tool`");
    check("[{ tool = \"x\", answer = \"y\" }]", "steps[0]: has both");
    check(
        "[[{ answer = \"y\" }, { tool = \"x\" }]]",
        "steps[0]: answers beside",
    );
    check(
        "[{ tool = \"x\", repeat = 0 }]",
        "steps[0]: has `repeat = 0`",
    );
    check(
        "[{ tool = \"x\", repeat = -1 }]",
        "steps[0].repeat: invalid value",
    );
    check(
        "[\"nothing\"]",
        "steps[0]: nobody has defined the shared steps \"nothing\"",
    );
    check(
        "[{ tool = \"x\", arguments = { a = { b = [\"{{\"] } } }]",
        "steps[0].arguments: line 1",
    );
    check(
        "[{ tool = \"x\", for_each = \"[\" }]",
        "steps[0].for_each: ",
    );
    check("[{ tool = \"{{\" }]", "steps[0].tool: ");
}

#[test]
fn a_text_that_is_no_list_of_rules_is_refused() {
    check_mistake("[[rule]\nname = 1", &["no valid TOML at line 1, column"]);
    check_mistake(
        "rules = []",
        &["no valid TOML at line 1, column 1", "unknown field `rules`"],
    );
    check_mistake("[{]", &["no valid JSON"]);
    check_mistake("{\"rule\": 5}", &["no valid JSON", "expected a sequence"]);
    check_mistake("rule = [5]", &["rule 1: invalid type: integer `5`"]);
    check_mistake("just text", &["no valid TOML at line 1"]);
    check_mistake("[steps]\na = [{ tool = \"{{\" }]", &["[steps] a[0].tool"]);
    check_mistake(
        "[steps]\na = [\"b\"]",
        &["[steps] a[0]: nobody has defined"],
    );
}

#[test]
fn limits_are_kept() {
    check_mistake(&"#".repeat(1024 * 1024 + 1), &["larger than 1048576 bytes"]);
    let rule = r#"{"name": "r", "pattern": "x", "answer": "x"}"#;
    check_mistake(
        &format!("[{}]", vec![rule; 1001].join(",")),
        &["more than 1000"],
    );
    check_mistake(
        "rule = [{ name = \"r\", pattern = \"x{1000}{1000}{1000}\", answer = \"x\" }]",
        &["field pattern: is no regular"],
    );
    let circle =
        "[steps]\na = [\"a\"]\n[[rule]]\nname = \"r\"\npattern = \"hello\"\nsteps = [\"a\"]";
    check_mistake(
        circle,
        &["rule \"r\", field steps: the shared steps name themselves"],
    );
}

#[test]
fn a_mistake_that_shows_only_when_a_rule_runs_is_named() {
    let check = |rule: &str, part: &str| {
        check_mistake(
            &format!("rule = [{{ name = \"r\", pattern = \"hello\", {rule} }}]"),
            &["rule \"r\", field ", part],
        );
    };
    check(
        "answer = \"a\\n{{ 1 | nofilter }}\"",
        "answer: line 2 of the template: unknown filter",
    );
    check("if = \"1 | nofilter\", answer = \"\"", "if: ");
    check(
        "set = { a = \"{{ 1 | nofilter }}\" }, answer = \"\"",
        "set.a: ",
    );
    check(
        "steps = [{ tool = \"glob\" , for_each = \"turn\" }]",
        "steps[0].for_each: is no list",
    );
    check(
        "steps = [{ tool = \"glob\" , arguments = { a = \"{{ nothing() }}\" } }]",
        "steps[0].arguments: ",
    );
    check(
        "reasoning = \"{{ 1 | nofilter }}\", answer = \"x\"",
        "reasoning: ",
    );
}
