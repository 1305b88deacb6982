//! Conversations that are longer than the model's window, with a model component that knows nothing but
//! what it is shown, and the real store.

use loom_tests::cli::{Home, Loom, Ran};
use loom_tests::guests;

use crate::home;

/// Tokens that the model can see at once, four bytes each.
const WINDOW: u64 = 4000;

/// A question of so many words that mean nothing.
fn chatter(n: usize) -> String {
    let words = (0..400).map(|word| format!("word{} ", (n * 31 + word * 7) % 1009));
    format!("input {n}: {}", words.collect::<String>())
}

struct Talk {
    home: Home,
    knows_window: bool,
    /// Bytes that were said, on both sides.
    said: usize,
}

impl Talk {
    fn new(knows_window: bool) -> Self {
        let home = home();
        home.install("reader", guests::READER);
        Self {
            home,
            knows_window,
            said: 0,
        }
    }

    fn command(&self) -> Loom {
        let command = self.home.with_plugins();
        let window = format!("providers.reader.config.window={WINDOW}");
        let mut command = command
            .args(["-c", "providers.reader.plugin=reader", "-c", &window])
            .args(["-c", "model=reader/reader", "-c", "tools.allowed=[]"])
            .args(["-c", "tools.todo=false", "-c", "agents.enabled=false"])
            .args(["-c", "instructions=Talk."]);
        if self.knows_window {
            let window = format!("context_windows={{\"reader/*\"={WINDOW}}}");
            command = command.args(["-c", &window]);
        }
        command
    }

    fn say(&mut self, text: &str) -> Ran {
        let command = self.command();
        let ran = command
            .args(["run", "--session", "long", text])
            .run()
            .code(0);
        self.said += text.len() + ran.stdout.len();
        ran
    }

    /// Says so many times the window, the fact first.
    fn fill(&mut self, windows: usize) -> Vec<Ran> {
        let mut all = vec![self.say("the code is 4711. Keep it in mind")];
        let mut n = 0;
        while self.said < windows * 4 * usize::try_from(WINDOW).unwrap() {
            all.push(self.say(&chatter(n)));
            n += 1;
        }
        all
    }
}

#[test]
fn a_fact_of_the_beginning_is_known_after_five_windows() {
    let mut talk = Talk::new(true);
    let all = talk.fill(5);
    let compressed = all.iter().filter(|ran| ran.stderr.contains("compressed"));
    assert!(
        compressed.count() > 1,
        "a summary was made of a summary's session"
    );
    talk.say("what is the code?").says("the code is 4711.");
    let asked = talk.say("what is the password?");
    asked.says("I do not know what the password is.");
}

#[test]
fn a_model_whose_window_nobody_knows_is_asked_again_with_less() {
    let mut talk = Talk::new(false);
    let all = talk.fill(2);
    assert!(all.iter().any(|ran| ran.stderr.contains("compressed")));
    talk.say("what is the code?").says("the code is 4711.");
}

#[test]
fn a_session_is_compacted_on_request_and_keeps_its_log() {
    let mut talk = Talk::new(true);
    talk.fill(1);
    let exported = |talk: &Talk| {
        let export = talk.command().args(["session", "export", "long"]);
        export.run().code(0).events()
    };
    let before = exported(&talk);
    let compacted = talk.command().args(["session", "compact", "long"]).run();
    compacted.code(0).complains("tokens");
    let after = exported(&talk);
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 1);
    let compaction = &after.last().unwrap()["payload"];
    let (from, to) = (&compaction["before_tokens"], &compaction["after_tokens"]);
    let reduction = 1.0 - to.as_f64().unwrap() / from.as_f64().unwrap();
    assert!(reduction > 0.5, "{from} to {to}");
    talk.say("what is the code?").says("the code is 4711.");
}

#[test]
fn a_pinned_fact_is_kept_word_for_word() {
    let mut talk = Talk::new(true);
    let pin = "never touch the directory «alt/böse» at all";
    let first = talk.command();
    let first = first.args(["run", "--session", "long", "--pin", pin, "hello"]);
    first.run().code(0);
    talk.fill(2);
    let shown = talk
        .command()
        .args(["session", "export", "long"])
        .run()
        .code(0);
    let compactions = shown.events().into_iter();
    let mut compactions = compactions.filter(|entry| entry["kind"] == "compaction");
    let last = compactions.next_back().unwrap();
    assert_eq!(last["payload"]["pinned"][0], pin);
}

#[test]
fn json_lines_tell_of_a_compression() {
    let mut talk = Talk::new(true);
    talk.fill(1);
    let mut told = None;
    for n in 100..110 {
        let run = talk.command();
        let run = run.args(["run", "--json", "--session", "long", &chatter(n)]);
        let events = run.run().code(0).events();
        told = events
            .into_iter()
            .find(|event| event.to_string().contains("before_tokens"));
        if told.is_some() {
            break;
        }
    }
    let told = told.expect("the threshold is reached within a window");
    let text = told.to_string();
    assert!(
        text.contains("after_tokens") && text.contains("threshold"),
        "{text}"
    );
}
