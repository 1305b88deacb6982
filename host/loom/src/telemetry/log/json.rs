//! The log for programs: an object a line. The fields of the spans around an event are keys of its
//! line, so that whoever looks for a run finds all its lines by one key.

use std::fmt;
use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Writes the lines to what the function gives.
pub(super) struct JsonLines<F> {
    out: F,
}

/// One line. Fields never have the names of the four.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    target: &'a str,
    message: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

const OWN_NAMES: [&str; 4] = ["timestamp", "level", "target", "message"];

/// What an event or a span says.
#[derive(Clone, Default)]
struct Fields {
    message: String,
    fields: Map<String, Value>,
}

impl<F, W> JsonLines<F>
where
    F: Fn() -> W,
    W: Write,
{
    pub(super) fn new(out: F) -> Self {
        Self { out }
    }
}

impl<S, F, W> Layer<S> for JsonLines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn() -> W + 'static,
    W: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut fields = Map::new();
        // The closer to the event, the better it knows.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                for (name, value) in &around.fields {
                    fields.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        fields.extend(own.fields);
        let metadata = event.metadata();
        let line = Line {
            timestamp: now(),
            level: metadata.level().as_str(),
            target: metadata.target(),
            message: own.message,
            fields,
        };
        let Ok(mut line) = serde_json::to_vec(&line) else {
            return;
        };
        line.push(b'\n');
        // Where stderr is closed nobody wants to know. One write, so that lines don't mix.
        let _ = (self.out)().write_all(&line);
    }
}

/// As RFC 3339 has it, in UTC, to the microsecond.
fn now() -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        let name = if OWN_NAMES.contains(&name) {
            format!("{name}_")
        } else {
            name.to_owned()
        };
        self.fields.insert(name, value);
    }

    fn put_text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, text.into());
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, format!("{value:?}"));
    }
}
