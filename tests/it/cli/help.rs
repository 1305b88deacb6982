//! `loom help`: topics beside verbs.

use crate::home;

#[test]
fn topics_stand_beside_the_verbs() {
    let home = home();
    // Whatever is wrong with the configuration, help is there.
    home.configure("this is not TOML");
    home.with(["help"])
        .run()
        .code(0)
        .says("Usage: loom")
        .says("Topics:")
        .says("  budgets        Budgets: what a run may use up");
    let ran = home.with(["help", "budgets"]).run().code(0);
    ran.says("--max-budget-usd");
    let ran = home.with(["help", "plugin", "new"]).run().code(0);
    ran.says("Usage: loom plugin new");
    let ran = home.with(["help", "budgts"]).run().code(2);
    ran.complains("there is no help on `budgts`")
        .complains("did you mean `budgets`?");
}
