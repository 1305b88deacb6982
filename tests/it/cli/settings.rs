//! Configuration as the command sees it: what is refused and how, and what a project may not do.

use loom_tests::guests;
use serde_json::json;

use crate::home;

#[test]
fn all_problems_are_told_together_each_with_its_place() {
    let home = home();
    home.configure("modle = \"rules\"\n[limits]\nturns = \"many\"\n\n[plugns.fs]\n");
    let run = home.with(["-c", "limits.trns=5", "run", "hi"]);
    let ran = run.run().code(2);
    assert_eq!(ran.stdout, "");
    let file = home.config_file().display().to_string();
    ran.complains("the configuration has 4 problems")
        .complains(&format!(
            "{file}:1: modle: unknown key; did you mean `model`?"
        ))
        .complains(&format!("{file}:3: limits.turns: expected an integer"))
        .complains("plugns: unknown key; did you mean `plugins`?")
        .complains("-c limits.trns=5: limits.trns: unknown key; did you mean `limits.turns`?")
        .complains("hint: `loom config show --default`");
}

#[test]
fn a_provider_that_is_not_there_is_told_with_the_nearest() {
    let home = home();
    let ran = home.with(["run", "-m", "antropic/claude", "hi"]).run();
    ran.code(2).complains("did you mean `anthropic`?");
    let run = home.with(["run", "hi"]).env("LOOM_CONFIG", "none.toml");
    run.run().code(2).complains("there is no file");
}

#[test]
fn a_setting_of_the_command_line_wins_over_the_file_and_the_file_over_the_defaults() {
    let home = home();
    home.configure("[limits]\nturns = 7\n[profiles.short]\nlimits.turns = 3\n");
    let turns = |arguments: &[&str]| {
        let show = home.with(arguments).args(["config", "show", "--json"]);
        show.run().code(0).json()["limits"]["turns"].clone()
    };
    assert_eq!(turns(&[]), 7);
    assert_eq!(turns(&["--profile", "short"]), 3);
    assert_eq!(turns(&["--profile", "short", "-c", "limits.turns=2"]), 2);
    let shown = home.with(["config", "show"]).run().code(0);
    shown.says("turns = 7").says("config.toml:2");
    home.with(["config", "show", "--default"])
        .run()
        .code(0)
        .says("[plugins.fs]");
    home.with(["--profile", "shrt", "config", "show"])
        .run()
        .code(2);
}

#[test]
fn a_configuration_is_started_but_never_overwritten() {
    let home = home();
    let path = home.config_file().display().to_string();
    let ran = home.with(["config", "path"]).run().code(0);
    assert_eq!(ran.stdout.trim_end(), path);
    home.with(["config", "init"]).run().code(0).complains(&path);
    assert!(home.config_file().is_file());
    home.with(["config", "init"])
        .run()
        .code(2)
        .complains("is there already");
    home.with(["config", "init", "--project"]).run().code(0);
    assert!(home.read("loom.toml").is_some());
    home.with(["run", "What is 6 * 7?"])
        .run()
        .code(0)
        .says("42");
}

#[test]
fn a_project_grants_nothing_until_it_is_trusted() {
    let home = home();
    home.write(
        "loom.toml",
        "[limits]\nturns = 3\n[plugins.effects]\ngrants.files = [{ path = \".\", access = \"read-write\" }]\n",
    );
    home.install("effects", guests::EFFECTS);
    let arguments = json!({ "path": "log", "line": "x" }).to_string();
    let call = || {
        let call = home.with_plugins().args(["tool", "call", "append_line"]);
        call.arg(&arguments).run()
    };
    call()
        .code(1)
        .complains("plugins.effects.grants")
        .complains("loom config trust");
    assert_eq!(home.read("log"), None);

    home.with(["config", "trust"]).run().code(0);
    call().code(0);
    assert_eq!(home.read("log").as_deref(), Some("x\n"));

    // What is changed has to be trusted again.
    home.write("loom.toml", &(home.read("loom.toml").unwrap() + "\n"));
    call().code(1).complains("loom config trust");
}

#[test]
fn a_plugin_of_an_untrusted_project_gets_no_grants_of_the_user() {
    let home = home();
    home.configure(
        "[plugins.effects]\ngrants.files = [{ path = \"$workspace\", access = \"read-write\" }]\n",
    );
    guests::drop_into(
        &home.project().join(".loom/plugins"),
        "effects",
        guests::EFFECTS,
    );
    let arguments = json!({ "path": "log", "line": "x" }).to_string();
    let ran = home.with(["tool", "call", "append_line", &arguments]).run();
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(home.read("log"), None);
}
