//! Models that fail on command, and ways to ask a pool.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use loom_types::{
    CompletionContext, Error, ErrorKind, EventStream, ModelEvent, ModelInfo, ModelRequest,
    Provider, Result, Routing, SessionId, StopReason, Usage,
};
use tokio::time::{Instant, sleep};

use crate::pool::{Member, MemberOptions, Pool, PoolOptions};

/// One answer: pieces, each after a wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Act {
    opening: Duration,
    refusal: Option<Error>,
    pieces: Vec<(Duration, Result<ModelEvent>)>,
    hangs: bool,
}

impl Act {
    /// A whole answer.
    pub(crate) fn say(text: &str) -> Self {
        Self::default().text(text).stop()
    }

    /// No answer.
    pub(crate) fn refuse(error: Error) -> Self {
        Self {
            refusal: Some(error),
            ..Self::default()
        }
    }

    /// Nothing, for ever.
    pub(crate) fn hang() -> Self {
        Self::default().then_hang()
    }

    /// The same, but it takes this time to open the stream.
    pub(crate) fn after(mut self, opening: Duration) -> Self {
        self.opening = opening;
        self
    }

    pub(crate) fn event(mut self, event: ModelEvent) -> Self {
        self.pieces.push((Duration::ZERO, Ok(event)));
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.event(ModelEvent::Text {
            text: text.to_owned(),
        })
    }

    pub(crate) fn usage(self, input_tokens: u64) -> Self {
        let usage = Usage {
            input_tokens,
            ..Usage::default()
        };
        self.event(ModelEvent::Usage { usage })
    }

    pub(crate) fn stop(self) -> Self {
        self.event(ModelEvent::Stop {
            reason: StopReason::EndTurn,
        })
    }

    pub(crate) fn error(mut self, error: Error) -> Self {
        self.pieces.push((Duration::ZERO, Err(error)));
        self
    }

    /// The same, with a wait before the last piece.
    pub(crate) fn late(mut self, wait: Duration) -> Self {
        self.pieces.last_mut().unwrap().0 = wait;
        self
    }

    pub(crate) fn then_hang(mut self) -> Self {
        self.hangs = true;
        self
    }
}

type Script = Box<dyn Fn(usize) -> Act + Send + Sync>;

/// A provider that does what its script says, by the number of the call.
pub(crate) struct Fake {
    name: String,
    script: Script,
    requests: Mutex<Vec<(Instant, ModelRequest)>>,
    pub(crate) active: Arc<AtomicUsize>,
    peak: AtomicUsize,
    infos: Mutex<Result<Vec<ModelInfo>>>,
}

/// Counts a request as long as it lives.
struct Active(Arc<AtomicUsize>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Fake {
    pub(crate) fn new(
        name: &str,
        script: impl Fn(usize) -> Act + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            script: Box::new(script),
            requests: Mutex::default(),
            active: Arc::default(),
            peak: AtomicUsize::new(0),
            infos: Mutex::new(Ok(Vec::new())),
        })
    }

    /// These answers, then the last one again and again.
    pub(crate) fn acts(name: &str, acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        let acts: Mutex<VecDeque<Act>> = Mutex::new(acts.into_iter().collect());
        Self::new(name, move |_| {
            let mut acts = acts.lock().unwrap();
            match acts.len() {
                1 => acts[0].clone(),
                _ => acts.pop_front().unwrap(),
            }
        })
    }

    /// One that answers its name.
    pub(crate) fn well(name: &str) -> Arc<Self> {
        Self::acts(name, [Act::say(name)])
    }

    /// One that always refuses.
    pub(crate) fn ill(name: &str, error: Error) -> Arc<Self> {
        Self::acts(name, [Act::refuse(error)])
    }

    pub(crate) fn knows(self: Arc<Self>, infos: Result<Vec<ModelInfo>>) -> Arc<Self> {
        *self.infos.lock().unwrap() = infos;
        self
    }

    pub(crate) fn calls(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn last_request(&self) -> ModelRequest {
        self.requests.lock().unwrap().last().unwrap().1.clone()
    }

    /// Times between the calls.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        let requests = self.requests.lock().unwrap();
        let pairs = requests.windows(2);
        pairs.map(|pair| pair[1].0 - pair[0].0).collect()
    }

    pub(crate) fn active(&self) -> usize {
        self.active.load(Ordering::SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Provider for Fake {
    fn name(&self) -> &str {
        &self.name
    }

    async fn models(&self) -> Result<Vec<ModelInfo>> {
        self.infos.lock().unwrap().clone()
    }

    async fn complete(
        &self,
        request: ModelRequest,
        _context: &CompletionContext,
    ) -> Result<EventStream> {
        let call = self.calls();
        self.requests
            .lock()
            .unwrap()
            .push((Instant::now(), request));
        let active = self.active.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(active, Ordering::SeqCst);
        let active = Active(Arc::clone(&self.active));
        let act = (self.script)(call);
        if !act.opening.is_zero() {
            sleep(act.opening).await;
        }
        if let Some(error) = act.refusal {
            return Err(error);
        }
        let pieces = stream::iter(act.pieces).then(move |(wait, piece)| {
            let _active = &active;
            async move {
                if !wait.is_zero() {
                    sleep(wait).await;
                }
                piece
            }
        });
        Ok(match act.hangs {
            true => pieces.chain(stream::pending()).boxed(),
            false => pieces.boxed(),
        })
    }
}

pub(crate) fn member(fake: &Arc<Fake>) -> Member {
    Member::new(Arc::clone(fake) as Arc<dyn Provider>, "m")
}

pub(crate) fn with(fake: &Arc<Fake>, change: impl FnOnce(&mut MemberOptions)) -> Member {
    let mut options = MemberOptions::default();
    change(&mut options);
    member(fake).with(options)
}

/// A member of lower priority than those by default.
pub(crate) fn second(fake: &Arc<Fake>) -> Member {
    with(fake, |options| options.priority = 2)
}

pub(crate) fn pool(members: impl IntoIterator<Item = Member>) -> Pool {
    pool_with(members, PoolOptions::default())
}

pub(crate) fn pool_with(members: impl IntoIterator<Item = Member>, options: PoolOptions) -> Pool {
    Pool::seeded(members.into_iter().collect(), options, 7).unwrap()
}

/// What came of a request.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) events: Vec<ModelEvent>,
    pub(crate) error: Option<Error>,
}

impl Heard {
    /// The text that counts.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            match event {
                ModelEvent::Text { text: more } => text.push_str(more),
                ModelEvent::Routing(routing) if routing.restarts() => text.clear(),
                _ => {}
            }
        }
        text
    }

    pub(crate) fn routings(&self) -> Vec<&Routing> {
        let routings = self.events.iter().filter_map(|event| match event {
            ModelEvent::Routing(routing) => Some(routing),
            _ => None,
        });
        routings.collect()
    }

    /// What the pool did, in short: `a/m`, `retry`, `a/m>b/m`…
    pub(crate) fn story(&self) -> String {
        let words = self.routings().into_iter().map(|routing| match routing {
            Routing::Chosen { member, .. } => member.clone(),
            Routing::Waiting { member, .. } => format!("wait {member}"),
            Routing::Retried { .. } => "retry".to_owned(),
            Routing::FailedOver { from, to, .. } => format!("{from}>{to}"),
            Routing::Hedged { second, .. } => format!("hedge {second}"),
            Routing::HedgeLost { member, .. } => format!("lost {member}"),
            Routing::Cooled { member, .. } => format!("cool {member}"),
            _ => "?".to_owned(),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn context(session: &str) -> CompletionContext {
    CompletionContext {
        session_id: SessionId::from(session),
        ..CompletionContext::standalone()
    }
}

/// Asks for any member, in a session of its own.
pub(crate) async fn ask(pool: &Pool) -> Heard {
    ask_for(pool, "", &CompletionContext::standalone()).await
}

pub(crate) async fn ask_in(pool: &Pool, session: &str) -> Heard {
    ask_for(pool, "", &context(session)).await
}

pub(crate) async fn ask_for(pool: &Pool, model: &str, context: &CompletionContext) -> Heard {
    let request = ModelRequest {
        model: model.to_owned(),
        ..ModelRequest::default()
    };
    let mut heard = Heard::default();
    let mut stream = match pool.complete(request, context).await {
        Ok(stream) => stream,
        Err(error) => {
            heard.error = Some(error);
            return heard;
        }
    };
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => heard.events.push(event),
            Err(error) => heard.error = Some(error),
        }
    }
    heard
}

pub(crate) fn status(kind: ErrorKind, status: u16) -> Error {
    Error {
        http_status: Some(status),
        ..Error::new(kind, format!("status {status}"))
    }
}

pub(crate) fn down() -> Error {
    status(ErrorKind::Unavailable, 503)
}

pub(crate) fn reset() -> Error {
    Error::unavailable("the connection broke")
}

pub(crate) fn limited(retry_after: Option<u64>) -> Error {
    Error {
        retry_after: retry_after.map(Duration::from_secs),
        ..status(ErrorKind::RateLimited, 429)
    }
}

pub(crate) fn too_long() -> Error {
    Error {
        details: Some(Box::new(serde_json::json!({"context_overflow": true}))),
        ..status(ErrorKind::InvalidInput, 400)
    }
}
