//! `loom agent`, and what of a configuration keeps runs in bounds.

use serde_json::Value;

use crate::home;

const REVIEWER: &str = "---\ndescription: Reads a change.\ntools: Read, Bash\n---\nYou review.\n";

#[test]
fn a_person_without_agents_is_told_how_to_define_one() {
    let home = home();
    let ran = home.with(["agent", "list"]).run().code(0);
    ran.says("general")
        .complains("None of your own yet")
        .complains("reviewer.md")
        .complains("description: ");
    let ran = home.with(["agent", "show", "genral"]).run().code(2);
    ran.complains("did you mean `general`?");
}

#[test]
fn agents_of_a_project_are_listed_and_used_once_it_is_trusted() {
    let home = home();
    home.write(".claude/agents/reviewer.md", REVIEWER);
    home.write(".claude/agents/broken.md", "no frontmatter");
    let ran = home.with(["agent", "list"]).run().code(0);
    ran.says("(not trusted)")
        .complains("broken.md: it has no frontmatter")
        .complains("the tool `Bash` is left out")
        .complains("its agents are not used");
    home.with(["config", "trust"]).run().code(0);
    let shown = home.with(["agent", "show", "reviewer", "--json"]).run();
    let shown = shown.code(0).json();
    assert_eq!(shown["trusted"], true);
    assert_eq!(shown["tools"], serde_json::json!(["read_file"]));
    home.write(
        ".claude/agents/reviewer.md",
        &REVIEWER.replace("review", "rewrite"),
    );
    let list = home.with(["agent", "list", "--json"]).run().code(0).json();
    assert_eq!(list["agents"][1]["trusted"], Value::Bool(false));
}

#[test]
fn a_pool_is_shown_with_its_places_and_set_aside_by_a_model() {
    let home = home();
    home.configure("[[pool]]\nmodel = \"rules\"\n[[pool]]\nmodel = \"ollama/x\"\npriority = 2\n");
    let ran = home.with(["config", "show"]).run().code(0);
    ran.says("[[pool]]\nmodel = \"ollama/x\"")
        .says("config.toml:4");
    let resolved = |arguments: &[&str]| {
        let show = home.with(arguments).args(["config", "show", "--json"]);
        show.run().code(0).json()
    };
    let pool = resolved(&[]);
    assert_eq!(pool["pool"].as_array().map(Vec::len), Some(2));
    assert_eq!(pool["provider"], "rules");
    let alone = resolved(&["-c", "model=ollama/y"]);
    assert_eq!(alone["pool"].as_array().map(Vec::len), Some(1));
    assert_eq!(alone["model"], "y");
}

#[test]
fn options_for_budget_and_permissions_are_checked_before_anything_starts() {
    let home = home();
    for wrong in [
        ["--permissions", "yolo"],
        ["--max-tokens", "0"],
        ["--max-budget-usd", "-1"],
        ["--max-budget-usd", "nan"],
    ] {
        home.with(["run", "hi"]).args(wrong).run().code(2);
    }
    let ran = home.with(["run", "hi", "--permissions", "readonly"]).run();
    ran.code(2).complains("did you mean \"read-only\"?");
    let right = ["--permissions", "auto", "--max-tokens", "100000"];
    home.with(["run", "hi"]).args(right).run().code(0);
}
