#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::super::events::{
    call, cancelled, completed, compressed, failed, limit_reached, message, result, retrieved,
    started, text, turn, whole_run,
};
use loom_types::{Compressed, CompressionMethod};

use super::*;

/// Shows events; returns stdout and stderr, the latter without styles.
fn show(events: &[RunEvent], options: HumanOptions) -> (String, String) {
    let mut out = Vec::new();
    let mut err = Vec::new();
    let plain = anstream::StripStream::new(&mut err);
    let mut human = Human::new(&mut out, plain, options);
    for event in events {
        human.event(event).unwrap();
    }
    drop(human);
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

const PIPED: HumanOptions = HumanOptions {
    out_is_terminal: false,
    err_is_terminal: false,
    last_message_only: false,
    quiet: false,
    verbose: false,
    resumable: true,
    introduced: false,
};

#[test]
fn the_answer_goes_to_stdout_and_the_rest_to_stderr() {
    let (out, err) = show(&whole_run(), PIPED);
    assert_eq!(out, "Let me look.\nIt says line 1.\nBye\n");
    insta::assert_snapshot!(err, @r"
    · p/m, session s
    → read_file path=a.txt
    → write_file not json
    ✗ write_file error (denied): read only more
    ✓ read_file 12ms, 14 B
    warning: careful
    · 2 turns, 2 tool calls, 1.2k tokens in, 56 out, 3.4s
    ");
}

#[test]
fn verbose_shows_reasoning_and_results() {
    let verbose = HumanOptions {
        verbose: true,
        ..PIPED
    };
    let (_, err) = show(&whole_run(), verbose);
    insta::assert_snapshot!(err, @r"
    · p/m, session s
    I should look.
    → read_file path=a.txt
    → write_file not json
    ✗ write_file error (denied): read only more
    ✓ read_file 12ms, 14 B
      | line 1
      | line 2
    warning: careful
    · 2 turns, 2 tool calls, 1.2k tokens in, 56 out, 3.4s
    ");
}

#[test]
fn quiet_prints_the_last_message_and_what_went_wrong() {
    let quiet = HumanOptions {
        quiet: true,
        last_message_only: true,
        ..PIPED
    };
    let (out, err) = show(&whole_run(), quiet);
    assert_eq!(out, "It says line 1.\nBye\n");
    assert_eq!(err, "warning: careful\n");
    let (out, _) = show(&[started(), text("half"), cancelled("half")], quiet);
    assert_eq!(out, "");
}

#[test]
fn a_resumed_session_with_nothing_left_to_do_prints_its_last_answer() {
    let (out, _) = show(&[started(), completed("as before")], PIPED);
    assert_eq!(out, "as before\n");
}

#[test]
fn endings_say_why_and_how_to_go_on() {
    let check = |event: RunEvent| show(&[event], PIPED).1;
    insta::assert_snapshot!(check(limit_reached()), @r"
    stopped: the limit of 2 turns ended the run after 2 turns, 2 tool calls, 1.2k tokens in, 56 out, 3.4s
    hint: allow more with --max-turns or limits.turns
    hint: go on with: loom run --resume=s
    ");
    insta::assert_snapshot!(check(cancelled("half")), @r"
    cancelled: after 2 turns, 2 tool calls, 1.2k tokens in, 56 out, 3.4s
    hint: go on with: loom run --resume=s
    ");
    insta::assert_snapshot!(check(failed()), @r"
    error: openai: too many requests (rate limit)
    hint: wait before trying again
    hint: go on with: loom run --resume=s
    ");
    let gone = HumanOptions {
        resumable: false,
        ..PIPED
    };
    assert!(!show(&[failed()], gone).1.contains("--resume"));
}

#[test]
fn text_cannot_drive_the_terminal_but_reaches_a_pipe_as_it_is() {
    let evil = "\u{1b}]0;ti";
    let events = [
        text(evil),
        text("tle\u{7}safe\u{1b}[2J"),
        message("", "x", &[]),
        completed("x"),
    ];
    let terminal = HumanOptions {
        out_is_terminal: true,
        ..PIPED
    };
    assert_eq!(show(&events, terminal).0, "safe\n");
    assert_eq!(show(&events, PIPED).0, "\u{1b}]0;title\u{7}safe\u{1b}[2J\n");
    let call = call("c", "x\u{1b}[31m", "{\"a\":\"\u{1b}[1m\"}");
    let events = [
        RunEvent::ToolStarted { call: call.clone() },
        result(&call, "\u{1b}[2J", true),
    ];
    let (_, err) = show(&events, PIPED);
    assert!(!err.contains('\u{1b}'), "{err:?}");
}

#[test]
fn a_line_on_stderr_does_not_run_into_the_answer_of_a_terminal() {
    let events = [
        turn(1),
        text("half a line"),
        RunEvent::Warning {
            message: "w".to_owned(),
        },
        text("rest"),
        cancelled("half a linerest"),
    ];
    let terminal = HumanOptions {
        out_is_terminal: true,
        ..PIPED
    };
    assert_eq!(show(&events, terminal).0, "half a line\nrest\n");
    assert_eq!(show(&events, PIPED).0, "half a linerest\n");
}

#[test]
fn a_reader_that_has_gone_is_told() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let terminal = HumanOptions {
        out_is_terminal: true,
        ..PIPED
    };
    let mut human = Human::new(Gone, io::sink(), terminal);
    assert!(human.event(&text("x")).is_err());
    let mut human = Human::new(io::sink(), Gone, PIPED);
    for event in whole_run() {
        human.event(&event).unwrap();
    }
}

#[test]
fn a_compression_is_one_calm_line() {
    let shown = |compressed: Compressed, verbose| {
        let options = HumanOptions { verbose, ..PIPED };
        show(&[RunEvent::Compressed(compressed)], options).1
    };
    insta::assert_snapshot!(shown(compressed(), false), @"⤓ compressed 184k → 46k tokens (75 %), 12 messages kept, 90 summarized, 1 result shortened, 2 pinned");
    let again = Compressed {
        method: CompressionMethod::Fallback,
        kept_messages: 1,
        shortened_results: 0,
        pinned: 0,
        generation: 4,
        ..compressed()
    };
    insta::assert_snapshot!(shown(again, true), @"⤓ compressed 184k → 46k tokens (75 %), 1 message kept, 90 summarized by rules, for no model gave a usable summary, the threshold was reached, 42ms here, 3.4s of the model, compression 4 of this session");
    let quiet = HumanOptions {
        quiet: true,
        ..PIPED
    };
    assert_eq!(show(&[RunEvent::Compressed(compressed())], quiet).1, "");
}

#[test]
fn sources_are_named_when_found_and_again_when_cited() {
    let answer = "As it says [guide#7].";
    let (out, err) = show(&[retrieved(), text(answer), completed(answer)], PIPED);
    assert_eq!(out, "As it says [guide#7].\n");
    insta::assert_snapshot!(err, @r"
    ⌕ 2 passages from kb, 1.2k tokens: [guide#2] The guide, [guide#7] docs/guide.md
    sources: [guide#7] docs/guide.md
    · 2 turns, 2 tool calls, 1.2k tokens in, 56 out, 3.4s
    ");
    let both = "[guide#2, guide#7]";
    let (_, err) = show(&[retrieved(), completed(both)], PIPED);
    assert!(err.contains("[guide#2] The guide (docs/guide.md)"), "{err}");
    let (_, err) = show(&[retrieved(), completed("no citation")], PIPED);
    assert!(!err.contains("sources:"), "{err}");
}
