//! `loom memory`: facts as a person keeps them, with the built-in store.

use loom_tests::cli::{Home, Ran};
use serde_json::json;

use crate::home;

fn memory(home: &Home, arguments: &[&str]) -> Ran {
    home.with(["memory"]).args(arguments).run()
}

#[test]
fn facts_are_added_listed_found_and_forgotten() {
    let home = home();
    memory(&home, &["list"])
        .code(0)
        .complains("nothing is remembered");
    let port = "The tests need Postgres on port 5433";
    memory(&home, &["add", port])
        .code(0)
        .complains("remembered for this directory: m");
    memory(&home, &["add", "the tests need postgres on port 5433."])
        .code(0)
        .complains("already remembered for this directory");
    let everywhere = ["add", "--everywhere", "--pin", "I write British English"];
    memory(&home, &everywhere)
        .code(0)
        .complains("remembered for everywhere");

    memory(&home, &["list"])
        .code(0)
        .says("  directory  ")
        .says("everywhere, always");
    let found = memory(&home, &["search", "--json", "port", "of", "postgres"])
        .code(0)
        .json();
    assert_eq!(found[0]["text"], port);
    let id = found[0]["id"].as_str().unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    let there = home
        .with(["memory", "list", "--json"])
        .current_dir(elsewhere.path());
    let there = there.run().code(0).json();
    assert_eq!(there.as_array().unwrap().len(), 1, "{there}");

    memory(&home, &["forget", id, "nothing"])
        .code(1)
        .complains("there is no fact nothing");
    memory(&home, &["forget", id]).code(0).complains("forgot m");
    let left = memory(&home, &["list", "--json"]).code(0).json();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_fact_is_refused() {
    let home = home();
    memory(&home, &["add", "  "])
        .code(2)
        .complains("write the fact");
    memory(&home, &["add", &"x".repeat(1001)])
        .code(2)
        .complains("1000 fit");
    memory(&home, &["search", "…"]).code(0);
    let list = memory(&home, &["list", "--json"]).code(0).json();
    assert_eq!(list, json!([]));
}

#[test]
fn facts_are_no_sessions_that_people_had() {
    let home = home();
    memory(&home, &["add", "tea at five"]).code(0);
    let list = home
        .with(["session", "list", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!(list, json!([]));
    let found = home
        .with(["session", "search", "tea", "--json"])
        .run()
        .code(0)
        .json();
    assert_eq!(found, json!([]));
    let all = home
        .with(["session", "search", "tea", "--all", "--json"])
        .run();
    assert_eq!(all.code(0).json()[0]["hits"][0]["by"], "fact");
    home.with(["run", "--resume", "go on"])
        .run()
        .code(1)
        .complains("there is no session of the directory");
}
