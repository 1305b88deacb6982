//! The server: what it was asked, which faults it gave, and the script behind it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;

use super::{Answer, Fault, connection};

/// A question to a model.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From 0, in the order in which they came.
    pub number: usize,
    /// Request line and headers.
    pub head: String,
    pub body: Value,
}

impl Asked {
    /// The text of the first message that a person wrote; empty if there is none.
    #[must_use]
    pub fn question(&self) -> &str {
        let from_user = |message: &&Value| message["role"] == "user";
        let message = self.messages().iter().find(from_user);
        let content = message.map(|message| &message["content"]);
        let text = content.and_then(|content| content.as_str().or(content[0]["text"].as_str()));
        text.unwrap_or_default()
    }

    /// How many results of tools are in the conversation.
    #[must_use]
    pub fn tool_results(&self) -> usize {
        let is_result = |block: &&Value| block["type"] == "tool_result";
        let in_message = |message: &Value| match message["content"].as_array() {
            Some(blocks) => blocks.iter().filter(is_result).count(),
            None => 0,
        };
        let messages = self.messages().iter();
        messages
            .map(|message| usize::from(message["role"] == "tool") + in_message(message))
            .sum()
    }

    fn messages(&self) -> &[Value] {
        self.body["messages"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// A model server that fails where it is told to, until it is dropped.
pub struct FaultServer {
    port: u16,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

/// What a test decides for each question.
type Choose<T> = dyn Fn(&Asked) -> T + Send + Sync;

/// What all connections of a server have in common.
pub(super) struct Shared {
    pub(super) faults: Box<Choose<Option<Fault>>>,
    pub(super) answers: Box<Choose<Answer>>,
    log: Mutex<Log>,
    /// Connections that are kept open in silence.
    pub(super) holding: AtomicUsize,
}

#[derive(Default)]
struct Log {
    asked: Vec<Asked>,
    given: BTreeMap<Option<Fault>, usize>,
}

impl FaultServer {
    /// A server whose faults and answers are decided for each question.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(
        faults: impl Fn(&Asked) -> Option<Fault> + Send + Sync + 'static,
        answers: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        let shared = Arc::new(Shared {
            faults: Box::new(faults),
            answers: Box::new(answers),
            log: Mutex::default(),
            holding: AtomicUsize::new(0),
        });
        let connected = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection::serve(stream, Arc::clone(&connected)));
            }
        });
        Self { port, shared, task }
    }

    /// A server that always fails in this way and would else say `text`.
    pub async fn always(fault: Fault, text: &str) -> Self {
        let text = text.to_owned();
        Self::start(move |_| Some(fault), move |_| Answer::text(&*text)).await
    }

    /// `http://127.0.0.1:PORT`, the base URL of the messages API; that of chat completions has `/v1`
    /// after it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sections of a configuration: the server as the provider `name`, whose silence is borne for
    /// `timeout_ms`. `plugin` is `openai` or `anthropic`.
    #[must_use]
    pub fn provider(&self, name: &str, plugin: &str, timeout_ms: u32) -> String {
        let path = if plugin == "openai" { "/v1" } else { "" };
        let (url, limits) = (self.url(), r#"{ http_response = "256KiB" }"#);
        // Anthropic's plugin wants a key; no variable of the environment is needed for one of these.
        let headers = r#"{ authorization = "Bearer none" }"#;
        format!(
            "[providers.{name}]\nplugin = \"{plugin}\"\nbase_url = \"{url}{path}\"\nlimits = {limits}\n\
             config = {{ timeout_ms = {timeout_ms}, headers = {headers} }}\n"
        )
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.log().asked.clone()
    }

    /// Clients that the server lets wait now, for ever.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.shared.holding.load(Ordering::SeqCst)
    }

    /// How many questions met each fault so far; none stands for a right answer.
    #[must_use]
    pub fn given(&self) -> BTreeMap<Option<Fault>, usize> {
        self.shared.log().given.clone()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Notes a question and decides on its fault.
    pub(super) fn take(&self, head: String, body: Value) -> (Asked, Option<Fault>) {
        let mut log = self.log();
        let asked = Asked {
            number: log.asked.len(),
            head,
            body,
        };
        log.asked.push(asked.clone());
        drop(log);
        let fault = (self.faults)(&asked);
        *self.log().given.entry(fault).or_default() += 1;
        (asked, fault)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
