//! Random conversations, options and models: what holds for all of them.

use loom_types::{
    Blob, CallId, Content, Error, ErrorKind, Message, Part, Reasoning, ToolCall, ToolResult,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// A step of a random conversation.
#[derive(Clone, Debug)]
enum Step {
    User(String),
    Image,
    System(String),
    Assistant(String, bool),
    Retrieved(String),
    Calls(Vec<(String, String, Vec<Content>, bool)>, bool),
    /// The person speaks while tools run: its entry is before those of the results.
    CallsAndUser(String, String),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z ./_]{1,80}",
        2 => "\\PC{1,200}",
        1 => (1..400_usize).prop_map(|n| conversation::prose(n, n)),
        1 => (1..1_000_usize).prop_map(|n| "\n \t".repeat(n) + "x"),
        1 => (1..1_500_usize).prop_map(|n| "é漢".repeat(n)),
    ]
}

fn content() -> impl Strategy<Value = Vec<Content>> {
    let blob = (0..9_000_usize).prop_map(|size| {
        Content::Blob(Blob {
            mime: "image/png".to_owned(),
            data: vec![0; size],
        })
    });
    let lines = (1..300_usize).prop_map(|n| conversation::source(1, n));
    let one = prop_oneof![
        3 => text().prop_map(Content::Text),
        3 => lines.prop_map(Content::Text),
        1 => blob,
        1 => text().prop_map(|text| Content::Json(json!({"answer": text}))),
    ];
    vec(one, 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let name = select(vec!["read_file", "write_file", "todo", "run"]);
    let arguments = prop_oneof![
        Just("{}".to_owned()),
        Just("not json".to_owned()),
        select(vec!["a.rs", "b.rs"]).prop_map(|path| json!({"path": path}).to_string()),
        text().prop_map(|text| json!({"path": "a.rs", "text": text}).to_string()),
    ];
    let call = (name, arguments, content(), any::<bool>());
    let call = call.prop_map(|(name, arguments, content, failed)| {
        (name.to_owned(), arguments, content, failed)
    });
    prop_oneof![
        3 => text().prop_map(Step::User),
        1 => Just(Step::Image),
        1 => "[a-z]{1,30}".prop_map(Step::System),
        4 => (text(), any::<bool>()).prop_map(|(text, thinks)| Step::Assistant(text, thinks)),
        1 => text().prop_map(Step::Retrieved),
        6 => (vec(call, 1..4), any::<bool>()).prop_map(|(calls, thinks)| Step::Calls(calls, thinks)),
        1 => (text(), text()).prop_map(|(result, text)| Step::CallsAndUser(result, text)),
    ]
}

#[derive(Default)]
struct Builder {
    items: Vec<Item>,
    seq: u64,
    calls: u32,
}

impl Builder {
    fn add(&mut self, seq: u64, origin: Origin, role: Role, parts: Vec<Part>) {
        let message = Arc::new(Message { role, parts });
        self.items.push(Item {
            seq,
            origin,
            message,
        });
    }

    fn next(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn say(&mut self, origin: Origin, role: Role, text: &str) {
        let seq = self.next();
        let text = text.to_owned();
        self.add(seq, origin, role, vec![Part::Text { text }]);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::User(text) => self.say(Origin::Said, Role::User, text),
            Step::System(text) => self.say(Origin::Said, Role::System, text),
            Step::Retrieved(text) => self.say(Origin::Retrieved, Role::User, text),
            Step::Image => {
                let image = Blob {
                    mime: "image/png".to_owned(),
                    data: vec![1; 99],
                };
                let seq = self.next();
                self.add(seq, Origin::Said, Role::User, vec![Part::Image { image }]);
            }
            Step::Assistant(text, thinks) => {
                let seq = self.next();
                let mut parts = reasoning(*thinks);
                if !*thinks || text.len() > 9 {
                    parts.push(Part::Text { text: text.clone() });
                }
                self.add(seq, Origin::Said, Role::Assistant, parts);
            }
            Step::Calls(calls, thinks) => self.calls(calls, *thinks, None),
            Step::CallsAndUser(result, text) => {
                let content = vec![Content::Text(result.clone())];
                let call = ("run".to_owned(), "{}".to_owned(), content, false);
                self.calls(&[call], false, Some(text));
            }
        }
    }

    fn calls(
        &mut self,
        calls: &[(String, String, Vec<Content>, bool)],
        thinks: bool,
        meanwhile: Option<&String>,
    ) {
        let (mut asked, mut answered) = (reasoning(thinks), Vec::new());
        for (name, arguments, content, is_error) in calls {
            self.calls += 1;
            let id = CallId::from(format!("c{}", self.calls).as_str());
            asked.push(Part::ToolCall(ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            }));
            answered.push(Part::ToolResult(ToolResult {
                call_id: id,
                name: name.clone(),
                content: content.clone(),
                is_error: *is_error,
            }));
        }
        let seq = self.next();
        self.add(seq, Origin::Said, Role::Assistant, asked);
        let between = meanwhile.map(|text| (self.next(), text.clone()));
        self.seq += answered.len() as u64;
        self.add(self.seq, Origin::Said, Role::Tool, answered);
        if let Some((seq, text)) = between {
            self.add(seq, Origin::Said, Role::User, vec![Part::Text { text }]);
        }
    }
}

fn reasoning(thinks: bool) -> Vec<Part> {
    let thought = thinks.then(|| {
        Part::Reasoning(Reasoning {
            text: "hm".to_owned(),
            provider_state: None,
        })
    });
    thought.into_iter().collect()
}

/// A random model: honest, lazy, talkative, mad, or down.
fn answers() -> impl Strategy<Value = Vec<Result<String>>> {
    let answer = prop_oneof![
        3 => Just(Ok(record("What it is about.", &["a.rs has value_1"]))),
        1 => text().prop_map(Ok),
        1 => Just(Ok(record(&"long ".repeat(9_000), &[]))),
        1 => Just(Ok(format!("Sure! ```json\n{}\n``` done", record("x", &[])))),
        1 => Just(Ok(r#"{"task_overview":[],"drop":[1,2,3,99]}"#.to_owned())),
        1 => Just(Err(Error::unavailable("down"))),
    ];
    vec(answer, 0..6)
}

fn setting() -> impl Strategy<Value = Setting> {
    let window = prop_oneof![200..3_000_u64, 3_000..60_000_u64];
    let reason = select(vec![
        CompressionReason::Threshold,
        CompressionReason::Overflow,
        CompressionReason::Request,
    ]);
    let pins = vec("[A-Z][a-z]{3,20} is \\PC{1,20}[0-9]", 0..3);
    let shares = (0.05..1.0_f64, 0.01..0.99_f64, 0.0..0.9_f64);
    (window, 100..60_000_u64, shares, pins, reason, 0..200_u64).prop_map(
        |(window, summarizer_window, (threshold, target, recent), pinned, reason, fixed_tokens)| {
            let mut setting = Setting::window(window).because(reason);
            setting.summarizer_window = summarizer_window;
            setting.fixed_tokens = fixed_tokens;
            setting.options.threshold = threshold;
            setting.options.target = target * threshold;
            setting.options.recent = recent * threshold;
            setting.options.pinned = pinned;
            setting.options.validate().unwrap();
            setting
        },
    )
}

/// What always stays: the person's words since the last answer, and system messages.
fn always(items: &[Item]) -> Vec<Item> {
    let answer = items.iter().rposition(|item| {
        item.message.role == Role::Assistant && item.message.tool_calls().next().is_none()
    });
    let request = answer.map_or(0, |index| index + 1);
    let stays = items.iter().enumerate().filter(|(index, item)| {
        let said = item.origin == Origin::Said;
        item.message.role == Role::System
            || (said && item.message.role == Role::User && *index >= request)
    });
    stays.map(|(_, item)| item.clone()).collect()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_compressed_conversation_is_valid_smaller_and_whole(
        generations in vec((vec(step(), 1..25), answers()), 1..4),
        setting in setting(),
    ) {
        let mut builder = Builder::default();
        builder.say(Origin::Said, Role::User, "the first word");
        let mut previous: Option<Compaction> = None;
        for (steps, answers) in generations {
            for step in &steps {
                builder.step(step);
            }
            let items = builder.items.clone();
            prop_assert_eq!(fault(&items), None, "the test's own conversation");
            for item in &items {
                let tokens = counter().message(&item.message);
                prop_assert!(tokens <= Tokenizer::at_most(&item.message));
            }
            let mut ask = Scripted::answers(answers);
            let mut counter = counter();
            let job = Job {
                items: &items,
                previous: previous.as_ref(),
                options: &setting.options,
                counter: &mut counter,
                calibration: Calibration::new(),
                fixed_tokens: setting.fixed_tokens,
                window: setting.window,
                reason: setting.reason,
                tools: &[],
                summarizer: Summarizer { model: "m", window: setting.summarizer_window },
            };
            let done = match block_on(compress(job, &mut ask)) {
                Ok(Some(done)) => done,
                Ok(None) => continue,
                Err(error) => {
                    prop_assert_eq!(error.kind, ErrorKind::InvalidInput);
                    prop_assert!(error.is_context_overflow());
                    continue;
                }
            };
            let (compaction, compressed) = done;
            let seq = builder.next();
            let after = apply(&compaction, seq, items.clone());
            prop_assert_eq!(fault(&after), None);
            prop_assert!(tokens(&after) < tokens(&items));
            prop_assert_eq!(compressed.after_tokens, tokens(&after) + setting.fixed_tokens);
            prop_assert!(compressed.after_tokens < compressed.before_tokens);
            let text = all_text(&after);
            for pin in &setting.options.pinned {
                prop_assert!(text.contains(pin.as_str()), "{} is lost", pin);
            }
            for kept in always(&items) {
                prop_assert!(after.contains(&kept), "{:?} is lost", kept);
            }
            let json = serde_json::to_string(&compaction).unwrap();
            let again: Compaction = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&again, &compaction);
            prop_assert_eq!(&apply(&again, seq, items), &after);
            builder.items = after;
            previous = Some(compaction);
        }
    }

    #[test]
    fn what_is_below_the_threshold_is_left_alone(steps in vec(step(), 0..20)) {
        let mut builder = Builder::default();
        for step in &steps {
            builder.step(step);
        }
        let window = tokens(&builder.items) * 2 + 10;
        let mut ask = Scripted::down();
        let done = block_on(Setting::window(window).compress(&builder.items, &mut ask));
        prop_assert!(done.unwrap().is_none());
        prop_assert_eq!(ask.requests.len(), 0);
    }
}
