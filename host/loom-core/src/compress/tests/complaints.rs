//! What users of other hosts complain of, one test each.

use loom_types::{CompressionMethod, CompressionReason};

use super::*;

const WINDOW: u64 = 16_000;

/// A day's work that fills a window more than once, with details only at its start.
fn long_work() -> Conversation {
    Conversation::new()
        .user("Migrate billing to the new ledger. The staging database is at db-stage-17.internal:5433, and invoices above 4200 EUR need a second signature.")
        .reads(30, 40)
        .assistant("I looked at the code; it was decided to keep invoice_total() as it is.")
        .talk(20)
        .user("Now test against db-stage-17.internal and check invoice_total().")
        .calls(&[("run", r#"{"command":"make check"}"#, "ok")])
}

#[tokio::test]
async fn compaction_loses_task_details() {
    let work = long_work();
    let lazy = record("The person wants billing migrated.", &[]);
    for mut ask in [
        Scripted::answers([Ok(lazy.clone()), Ok(lazy)]),
        Scripted::down(),
    ] {
        let done = Setting::window(WINDOW).must(work.items(), &mut ask).await;
        let summary = done.compaction.summary.clone().unwrap();
        let text = summary::text(Some(&summary), &[]);
        for detail in ["db-stage-17.internal", "invoice_total"] {
            assert!(text.contains(detail), "{detail} is not in {text}");
        }
    }
}

#[tokio::test]
async fn instructions_do_not_survive() {
    let rule = "Never push to the branch `release`; ask Ines first.";
    let work = long_work();
    let forgetful = record("Something about billing.", &[]);
    let mut ask = Scripted::answers([Ok(forgetful.clone()), Ok(forgetful)]);
    let setting = Setting::window(WINDOW).pinned(&[rule]);
    let system = Conversation::new().system("You work for Ada. Answer in French.");
    let items = [system.items(), &shifted(work.items(), 1)].concat();
    let done = setting.must(&items, &mut ask).await;
    assert!(done.text().contains(rule));
    assert_eq!(done.items[0].message, items[0].message);
    let request = "Now test against db-stage-17.internal and check invoice_total().";
    assert!(done.items.iter().any(|item| item.message.text() == request));
}

#[tokio::test]
async fn compaction_makes_the_context_bigger() {
    let chatty = record(&"word ".repeat(20_000), &[&"more ".repeat(20_000)]);
    let small = Conversation::new().talk(2).user("And now?");
    let big = long_work();
    for items in [small.items(), big.items()] {
        let mut ask = Scripted::answers([Ok(chatty.clone()), Ok(chatty.clone())]);
        let setting = Setting::window(WINDOW).because(CompressionReason::Request);
        let Some(done) = setting.compress(items, &mut ask).await.unwrap() else {
            continue;
        };
        assert!(tokens(&done.items) < tokens(items));
        assert!(done.compressed.after_tokens < done.compressed.before_tokens);
    }
}

#[tokio::test]
async fn it_cannot_run_once_the_window_is_full() {
    let work = long_work().talk(400).user("Where were we?");
    assert!(tokens(work.items()) > 5 * 8_000);
    for mut ask in [
        Scripted::down(),
        Scripted::answers((0..20).map(|_| Ok(record("Migrate billing.", &[])))),
    ] {
        let mut setting = Setting::window(8_000).because(CompressionReason::Overflow);
        setting.summarizer_window = 8_000;
        let done = setting.must(work.items(), &mut ask).await;
        assert!(tokens(&done.items) < setting.options.limit(8_000));
        assert_eq!(fault(&done.items), None);
        let asked = ask.requests.iter().flat_map(|request| &request.messages);
        let longest = asked.map(|message| counter().message(message)).max();
        assert!(longest < Some(8_000), "{longest:?}");
    }
}

#[tokio::test]
async fn the_threshold_setting_is_ignored() {
    let work = long_work();
    let exactly = tokens(work.items());
    for threshold in [0.3, 0.5, 0.92, 1.0] {
        let mut setting = Setting::window(0);
        setting.options.threshold = threshold;
        setting.window = (0..)
            .find(|w| setting.options.limit(*w) == exactly + 1)
            .unwrap_or(0);
        let below = setting.compress(work.items(), &mut Scripted::down()).await;
        assert!(below.unwrap().is_none(), "below {threshold}");
        setting.window = (0..)
            .find(|w| setting.options.limit(*w) == exactly)
            .unwrap_or(0);
        let at = setting.compress(work.items(), &mut Scripted::down()).await;
        let at = at.unwrap().unwrap();
        assert_ne!(at.compressed.method, CompressionMethod::Summarized);
        assert!(
            !setting
                .options
                .is_due(at.compressed.after_tokens, setting.window)
        );
    }
}

fn shifted(items: &[Item], by: u64) -> Vec<Item> {
    let items = items.iter().cloned();
    items
        .map(|item| Item {
            seq: item.seq + by,
            ..item
        })
        .collect()
}
