//! A summary without a model, by rules: what the person said, what was decided, what failed, what is
//! still to do. Always the same for the same conversation.

use loom_types::{Message, Role};
use serde::Deserialize;

use super::identifiers;
use super::summary::Summary;
use crate::context::Item;
use crate::todo::{self, Todo, TodoStatus};

/// The first messages of the person say what it is about, the last what it has come to; in bytes.
const FIRST_REQUESTS: usize = 5;
const LAST_REQUESTS: usize = 8;
const FIRST_REQUEST_BYTES: usize = 600;
/// How many of each the summary takes up, the newest.
const DECISIONS: usize = 12;
const FACTS: usize = 30;
const ERRORS: usize = 5;
const ANSWERS: usize = 5;
const SENTENCE_BYTES: usize = 300;
/// Words of sentences that decide something.
const DECIDING: [&str; 12] = [
    "decide",
    "decision",
    "chose",
    "choose",
    "must",
    "never",
    "always",
    "instead",
    "agree",
    "prefer",
    "constraint",
    "require",
];
/// Words of sentences that say what comes next.
const PLANNING: [&str; 5] = ["next", "remaining", "still", "todo", "then i"];

#[derive(Deserialize)]
struct List {
    todos: Vec<Todo>,
}

/// What the items add to the summary before them.
pub(super) fn extract(before: &Summary, items: &[&Item]) -> Summary {
    let mut summary = before.clone();
    add_requests(&mut summary, &of_role(items, Role::User));
    let answers = of_role(items, Role::Assistant);
    add_answers(&mut summary, &answers);
    add_facts(&mut summary, items);
    add_errors(&mut summary, items);
    add_todos(&mut summary, &answers);
    if summary.task_overview.is_empty() {
        let overview = "The older messages say nothing of what the person wants.";
        summary.task_overview.push(overview.to_owned());
    }
    summary
}

fn of_role<'i>(items: &[&'i Item], role: Role) -> Vec<&'i Message> {
    let items = items.iter().map(|item| item.message.as_ref());
    items.filter(|message| message.role == role).collect()
}

fn add_requests(summary: &mut Summary, requests: &[&Message]) {
    let texts: Vec<_> = requests.iter().map(|message| message.text()).collect();
    let last = texts.len().saturating_sub(LAST_REQUESTS);
    for (index, text) in texts.iter().enumerate() {
        let bytes = match index {
            0 => FIRST_REQUEST_BYTES,
            _ => SENTENCE_BYTES,
        };
        let clipped = clip(text, bytes);
        if clipped.is_empty() {
            continue;
        }
        let item = format!("The person said: {clipped}");
        if index < FIRST_REQUESTS || index >= last {
            push(&mut summary.task_overview, item);
        } else {
            push(&mut summary.context, item);
        }
    }
}

fn add_answers(summary: &mut Summary, answers: &[&Message]) {
    let texts = answers.iter().map(|message| message.text());
    let texts: Vec<_> = texts.filter(|text| !text.trim().is_empty()).collect();
    for text in newest(&texts, ANSWERS) {
        let item = format!("The assistant said: {}", clip(text, SENTENCE_BYTES));
        push(&mut summary.progress, item);
    }
    let planned = texts.last().into_iter().flat_map(|text| sentences(text));
    let planned: Vec<_> = planned.filter(|s| has_word(s, &PLANNING)).collect();
    for sentence in newest(&planned, 3) {
        push(&mut summary.next_steps, clip(sentence, SENTENCE_BYTES));
    }
}

/// Sentences that decide, and those of the person that name something.
fn add_facts(summary: &mut Summary, items: &[&Item]) {
    let (mut decisions, mut facts) = (Vec::new(), Vec::new());
    for item in items {
        if item.message.role == Role::Tool {
            continue;
        }
        let text = item.message.text();
        for sentence in sentences(&text) {
            let sentence = clip(sentence, SENTENCE_BYTES);
            if has_word(&sentence, &DECIDING) {
                decisions.push(sentence);
            } else if item.message.role == Role::User
                && identifiers::identifiers(&sentence).next().is_some()
            {
                facts.push(sentence);
            }
        }
    }
    for decision in newest(&decisions, DECISIONS) {
        push(&mut summary.key_decisions, decision.clone());
    }
    for fact in newest(&facts, FACTS) {
        let said = |item: &String| item.contains(fact.as_str());
        if !summary.task_overview.iter().any(said) && !summary.context.iter().any(said) {
            push(&mut summary.context, fact.clone());
        }
    }
}

fn add_errors(summary: &mut Summary, items: &[&Item]) {
    let results = items.iter().flat_map(|item| item.message.tool_results());
    let errors: Vec<_> = results.filter(|result| result.is_error).collect();
    for error in newest(&errors, ERRORS) {
        let item = format!(
            "{} failed: {}",
            error.name,
            clip(&error.text(), SENTENCE_BYTES)
        );
        push(&mut summary.blockers, item);
    }
}

/// The list as it was written last replaces what was open.
fn add_todos(summary: &mut Summary, answers: &[&Message]) {
    let calls = answers.iter().flat_map(|message| message.tool_calls());
    let lists = calls.filter(|call| call.name == todo::NAME);
    let lists = lists.filter_map(|call| serde_json::from_str::<List>(&call.arguments).ok());
    let Some(List { todos }) = lists.last() else {
        return;
    };
    summary.open_items.clear();
    for todo in todos {
        let item = clip(&todo.content, SENTENCE_BYTES);
        match todo.status {
            TodoStatus::Completed => push(&mut summary.progress, format!("Done: {item}")),
            TodoStatus::InProgress => push(&mut summary.next_steps, item),
            TodoStatus::Pending => push(&mut summary.open_items, item),
        }
    }
}

fn newest<T>(all: &[T], count: usize) -> &[T] {
    &all[all.len().saturating_sub(count)..]
}

fn push(items: &mut Vec<String>, item: String) {
    if !item.is_empty() && !items.contains(&item) {
        items.push(item);
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '\n' | '。' | '！' | '？');
    let lines = text.split(ends);
    let sentences = lines.flat_map(|line| line.split_inclusive(". "));
    let sentences = sentences.flat_map(|part| part.split_inclusive("! "));
    sentences
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

fn has_word(sentence: &str, words: &[&str]) -> bool {
    let lower = sentence.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// The beginning of a text, on one line. Looks at no more of it than it shows.
fn clip(text: &str, bytes: usize) -> String {
    let text = text.trim_start();
    let head = &text[..text.floor_char_boundary(bytes)];
    let line = super::summary::one_line(head);
    match head.len() < text.trim_end().len() {
        true => format!("{line}…"),
        false => line,
    }
}
