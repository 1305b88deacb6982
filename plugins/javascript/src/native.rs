//! The functions of `host`, by which the JavaScript half of the interpreter reaches this one. Code sees
//! none of them directly.

use std::cell::Cell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loom_snippet::Stream;
use rquickjs::function::{Func, Opt};
use rquickjs::promise::PromiseState;
use rquickjs::{ArrayBuffer, Ctx, Exception, Function, Object, Persistent, Runtime, Value};
use sha2::Digest as _;

use crate::control::{Control, Stop};
use crate::{files, http, interpreter, modules, parts, source, web};

type Result<T> = rquickjs::Result<T>;

/// Keeps the promises that were rejected and that nobody looks after.
pub(crate) fn track_rejections(runtime: &Runtime, control: &Rc<Control>) {
    let control = Rc::clone(control);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(
        move |ctx, promise, reason, is_handled| {
            let promise = Persistent::save(&ctx, promise);
            let mut rejections = control.rejections.borrow_mut();
            if is_handled {
                rejections.retain(|(rejected, _)| *rejected != promise);
            } else {
                rejections.push((promise, Persistent::save(&ctx, reason)));
            }
        },
    )));
}

/// The object with all functions but `part`.
pub(crate) fn host<'js>(ctx: &Ctx<'js>, control: &Rc<Control>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("codeName", source::NAME)?;
    host.set("engine", "QuickJS-ng")?;
    host.set("partNames", parts::names())?;
    values(&host)?;
    run(&host, control)?;
    bytes(&host)?;
    files::install(&host, control)?;
    modules::install(&host, control)?;
    web::install(&host)?;
    http::install(&host, control)?;
    Ok(host)
}

/// What JavaScript does not tell of its values.
fn values<'js>(host: &Object<'js>) -> Result<()> {
    host.set("isError", Func::from(|value: Value<'js>| value.is_error()))?;
    let load = |ctx: Ctx<'js>, name: String| match parts::source(&name) {
        Some(source) => interpreter::eval(&ctx, &name, source),
        None => Err(Exception::throw_internal(&ctx, &format!("no part {name}"))),
    };
    host.set("load", Func::from(load))?;
    host.set("promiseState", Func::from(promise_state))?;
    host.set("proxyTarget", Func::from(proxy_target))
}

fn promise_state<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Option<Object<'js>>> {
    let Some(promise) = value.as_promise() else {
        return Ok(None);
    };
    let state = Object::new(ctx.clone())?;
    let kind = match promise.state() {
        PromiseState::Pending => "pending",
        PromiseState::Resolved => "resolved",
        PromiseState::Rejected => "rejected",
    };
    state.set("kind", kind)?;
    if let Some(result) = promise.result::<Value>() {
        state.set("value", result.unwrap_or_else(|_| ctx.catch()))?;
    }
    Ok(Some(state))
}

/// Undefined for what is no proxy, null for one that was revoked.
fn proxy_target<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Value<'js> {
    let Some(proxy) = value.as_proxy() else {
        return Value::new_undefined(ctx);
    };
    match proxy.target() {
        Ok(target) => target.into_value(),
        Err(_) => {
            ctx.catch();
            Value::new_null(ctx)
        }
    }
}

/// What belongs to the run.
fn run<'js>(host: &Object<'js>, control: &Rc<Control>) -> Result<()> {
    let each = || Rc::clone(control);
    let own = each();
    let write = move |stream: i32, text: String| {
        let stream = if stream == 2 {
            Stream::Err
        } else {
            Stream::Out
        };
        own.write(stream, &text);
    };
    host.set("write", Func::from(write))?;
    let own = each();
    host.set("now", Func::from(move || own.now_ms()))?;
    let own = each();
    host.set(
        "remaining",
        Func::from(move || own.remaining().as_secs_f64() * 1000.0),
    )?;
    let own = each();
    host.set("tick", Func::from(move || own.tick()))?;
    let own = each();
    host.set(
        "exit",
        Func::from(move |status: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "as a shell sees it")]
            own.stop(Stop::Exit(status as i32 & 0xFF));
        }),
    )?;
    let own = each();
    let uncaught = move |ctx: Ctx<'js>, value: Value<'js>| {
        own.uncaught.replace(Some(Persistent::save(&ctx, value)));
    };
    host.set("uncaught", Func::from(uncaught))?;
    let own = each();
    let place = move |file: String, line: u32, column: u32| own.place(&file, line, column);
    host.set("place", Func::from(place))?;
    let own = each();
    let inside = move |file: String, line: u32, column: u32, is_class: bool| {
        own.is_inside(&file, (line, column), is_class)
    };
    host.set("isInside", Func::from(inside))?;
    let own = each();
    let stdin = move || String::from_utf8_lossy(&own.stdin.take()).into_owned();
    host.set("stdin", Func::from(stdin))?;
    host.set("environment", Func::from(environment))?;
    host.set("memory", Func::from(memory))
}

fn environment(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let variables = Object::new(ctx)?;
    for (name, value) in std::env::vars() {
        variables.set(name, value)?;
    }
    Ok(variables)
}

fn memory(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let memory = Object::new(ctx.clone())?;
    #[cfg(target_family = "wasm")]
    let all = core::arch::wasm32::memory_size(0) * 65_536;
    #[cfg(not(target_family = "wasm"))]
    let all = 0;
    for name in ["rss", "heapTotal", "heapUsed"] {
        memory.set(name, all)?;
    }
    for name in ["external", "arrayBuffers"] {
        memory.set(name, 0)?;
    }
    Ok(memory)
}

/// Bytes cross as Base64, of which QuickJS has its own.
fn bytes<'js>(host: &Object<'js>) -> Result<()> {
    let random = |ctx: Ctx<'js>, count: usize| ArrayBuffer::new(ctx, random(count));
    host.set("random", Func::from(random))?;
    let state = Cell::new([0; 2]);
    host.set("chance", Func::from(move || chance(&state)))?;
    host.set("hash", Func::from(hash))?;
    let encode = |ctx: Ctx<'js>, text: String| ArrayBuffer::new(ctx, text.into_bytes());
    host.set("encode", Func::from(encode))?;
    host.set("decode", Func::from(decode))
}

#[cfg(target_family = "wasm")]
fn random(count: usize) -> Vec<u8> {
    wasip2::random::random::get_random_bytes(count as u64)
}

#[cfg(not(target_family = "wasm"))]
fn random(count: usize) -> Vec<u8> {
    use std::hash::{BuildHasher as _, RandomState};
    let mut number = 0_u64;
    let next = || {
        number += 1;
        RandomState::new().hash_one(number).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A number from 0 to below 1, by xoroshiro128+ (Blackman and Vigna), whose seed is taken when it is first
/// used.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a number has")]
fn chance(state: &Cell<[u64; 2]>) -> f64 {
    let [first, mut second] = match state.get() {
        [0, 0] => seed(),
        state => state,
    };
    let sum = first.wrapping_add(second);
    second ^= first;
    state.set([
        first.rotate_left(24) ^ second ^ (second << 16),
        second.rotate_left(37),
    ]);
    (sum >> 11) as f64 / (1_u64 << 53) as f64
}

fn seed() -> [u64; 2] {
    let bytes = random(16);
    let half = |at: usize| {
        let half = bytes[at..at + 8].try_into();
        u64::from_le_bytes(half.expect("eight bytes are eight bytes"))
    };
    // One bit is set in any case: from nothing comes nothing.
    [half(0) | 1, half(8)]
}

fn hash<'js>(ctx: Ctx<'js>, name: String, base64: String) -> Result<Option<ArrayBuffer<'js>>> {
    let bytes = from_base64(&ctx, &base64)?;
    let digest = match name.as_str() {
        "md5" => md5::Md5::digest(&bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(&bytes).to_vec(),
        "sha224" => sha2::Sha224::digest(&bytes).to_vec(),
        "sha256" => sha2::Sha256::digest(&bytes).to_vec(),
        "sha384" => sha2::Sha384::digest(&bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(&bytes).to_vec(),
        _ => return Ok(None),
    };
    ArrayBuffer::new(ctx, digest).map(Some)
}

/// UTF-8 to text; none for bytes that are not, if `fatal`.
fn decode(ctx: Ctx<'_>, base64: String, fatal: Opt<bool>) -> Result<Option<String>> {
    let bytes = from_base64(&ctx, &base64)?;
    if fatal.0 == Some(true) {
        return Ok(String::from_utf8(bytes).ok());
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

pub(crate) fn from_base64(ctx: &Ctx<'_>, base64: &str) -> Result<Vec<u8>> {
    let bytes = STANDARD.decode(base64);
    bytes.map_err(|error| Exception::throw_internal(ctx, &error.to_string()))
}

/// Adds `part`, which makes parts in the realm of the code.
pub(crate) fn add_parts<'js>(
    ctx: &Ctx<'js>,
    kernel: &Object<'js>,
    host: &Object<'js>,
) -> Result<()> {
    let made = Object::new(ctx.clone())?;
    host.set("parts", made)?;
    let part = |ctx: Ctx<'js>, kernel: Object<'js>, host: Object<'js>, name: String| {
        let made: Object = host.get("parts")?;
        if let Some(part) = made.get::<_, Option<Object>>(&*name)? {
            return Ok(part);
        }
        let Some(source) = parts::source(&name) else {
            return Err(Exception::throw_internal(&ctx, &format!("no part {name}")));
        };
        let make: Function = interpreter::eval(&ctx, &name, source)?;
        let part: Object = make.call((kernel, host))?;
        made.set(&*name, part.clone())?;
        Ok(part)
    };
    let part = Function::new(ctx.clone(), part)?;
    let bind: Function = interpreter::eval(
        ctx,
        "part",
        "(function (part, kernel, host) { host.part = (name) => part(kernel, host, name); })",
    )?;
    bind.call((part, kernel.clone(), host.clone()))
}
