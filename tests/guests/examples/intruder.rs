//! Tools that go further than `snoop`: they use WASI itself, flood it, race, and answer with what no
//! honest tool would. Each reports exactly what it got.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::net::{TcpListener, ToSocketAddrs as _, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use loom_sdk::http::Request;
use loom_sdk::prelude::*;
use wasip2::filesystem::types::{NewTimestamp, PathFlags};

/// Empty a file.
#[tool(cautious)]
fn empty(
    /// The path.
    path: String,
) -> Result<String, Error> {
    OpenOptions::new().write(true).truncate(true).open(path)?;
    Ok("emptied".into())
}

/// Append to a file.
#[tool(cautious)]
fn append(
    /// The path.
    path: String,
) -> Result<String, Error> {
    use std::io::Write as _;
    OpenOptions::new()
        .append(true)
        .open(path)?
        .write_all(b"x")?;
    Ok("appended".into())
}

/// Remove a file or an empty directory.
#[tool(cautious)]
fn remove(
    /// The path.
    path: String,
) -> Result<String, Error> {
    fs::remove_file(&path).or_else(|_| fs::remove_dir(&path))?;
    Ok("removed".into())
}

/// Make a directory.
#[tool(cautious)]
fn make_directory(
    /// The path.
    path: String,
) -> Result<String, Error> {
    fs::create_dir(path)?;
    Ok("made".into())
}

/// Make a link to somewhere, symbolic or hard, and nothing else.
#[tool(cautious)]
fn link(
    /// Where the link leads.
    target: String,
    /// The link.
    name: String,
    /// Whether it is a hard link.
    hard: bool,
) -> Result<String, Error> {
    if hard {
        fs::hard_link(target, name)?;
        return Ok("linked".into());
    }
    let directories = wasip2::filesystem::preopens::get_directories();
    let made = directories[0].0.symlink_at(&target, &name);
    made.map_err(|code| Error::denied(code.to_string()))?;
    Ok("linked".into())
}

/// Say that a file was changed in 1970.
#[tool(cautious)]
fn backdate(
    /// The path, in the first directory.
    path: String,
) -> Result<String, Error> {
    let directories = wasip2::filesystem::preopens::get_directories();
    let time = NewTimestamp::Timestamp(wasip2::clocks::wall_clock::Datetime {
        seconds: 1,
        nanoseconds: 0,
    });
    let set = directories[0]
        .0
        .set_times_at(PathFlags::SYMLINK_FOLLOW, &path, time, time);
    set.map_err(|code| Error::denied(code.to_string()))?;
    Ok("backdated".into())
}

/// Read a file many times; all the different texts that were read.
#[tool(cautious)]
fn read_often(
    /// The path.
    path: String,
    /// How often.
    times: u32,
) -> String {
    let mut texts = std::collections::BTreeSet::new();
    for _ in 0..times {
        texts.extend(fs::read_to_string(&path));
    }
    Vec::from_iter(texts).join("\n")
}

/// Let two names change places, many times.
#[tool(cautious)]
fn swap_often(
    /// One.
    one: String,
    /// The other.
    other: String,
    /// How often.
    times: u32,
) -> Result<String, Error> {
    let between = format!("{one}.between");
    for _ in 0..times {
        fs::rename(&one, &between)?;
        fs::rename(&other, &one)?;
        fs::rename(&between, &other)?;
    }
    Ok("swapped".into())
}

/// Open a file again and again, and close none.
#[tool(cautious)]
fn open_forever(
    /// The path.
    path: String,
) -> Result<String, Error> {
    let mut open = Vec::new();
    loop {
        open.push(black_box(File::open(&path)?));
    }
}

/// Ask for clocks to wait for, and drop none.
#[tool(cautious)]
fn subscribe_forever() -> String {
    let mut held = Vec::new();
    loop {
        held.push(wasip2::clocks::monotonic_clock::subscribe_duration(1 << 40));
        if held.len() == usize::MAX {
            return "all".into();
        }
    }
}

/// Ask for random bytes, all at once.
#[tool(cautious)]
fn random(
    /// How many.
    bytes: u64,
) -> String {
    wasip2::random::random::get_random_bytes(bytes)
        .len()
        .to_string()
}

/// Fetch a URL with what is given.
#[tool(cautious)]
fn fetch(
    /// The URL.
    url: String,
    /// The method.
    method: String,
    /// Names and values.
    headers: Vec<(String, String)>,
    /// The body.
    body: String,
) -> Result<String, Error> {
    let mut request = Request::new(method, url);
    request.headers = headers;
    let mut response = request.body(body).send()?;
    let body = response.text(1 << 30)?;
    Ok(format!(
        "{} {:?}\n{body}",
        response.status, response.headers
    ))
}

/// Ask for a secret.
#[tool(safe)]
fn secret(
    /// Its name.
    name: String,
) -> Result<String, Error> {
    loom_sdk::host::secret(&name)
}

/// Fetch a URL, and what it redirects to.
#[tool(cautious)]
fn follow(
    /// The URL.
    url: String,
) -> Result<String, Error> {
    let response = Request::get(url).send()?;
    let location = response.header("location").unwrap_or_default();
    Request::get(location).send()?.text(1 << 20)
}

/// Send more than anybody wants.
#[tool(cautious)]
fn upload(
    /// The URL.
    url: String,
    /// How much.
    mebibytes: usize,
) -> Result<String, Error> {
    let request = Request::new("POST", url).body(vec![b'x'; mebibytes << 20]);
    request.send()?.text(1 << 20)
}

/// Fetch a URL again and again, and keep every response.
#[tool(cautious)]
fn fetch_forever(
    /// The URL.
    url: String,
) -> Result<String, Error> {
    let mut responses = Vec::new();
    loop {
        responses.push(Request::get(url.clone()).send()?);
    }
}

/// Bind a UDP socket and send to an address.
#[tool(cautious)]
fn send_datagram(
    /// Host and port.
    address: String,
) -> Result<String, Error> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"x", address)?;
    Ok("sent".into())
}

/// Listen at an address.
#[tool(cautious)]
fn listen(
    /// Host and port.
    address: String,
) -> Result<String, Error> {
    TcpListener::bind(address)?.accept()?;
    Ok("accepted".into())
}

/// Look a name up.
#[tool(cautious)]
fn resolve(
    /// Host and port.
    name: String,
) -> Result<String, Error> {
    Ok(format!("{:?}", Vec::from_iter(name.to_socket_addrs()?)))
}

/// How often this instance was asked.
#[tool(safe)]
fn count() -> u32 {
    static TIMES: AtomicU32 = AtomicU32::new(0);
    TIMES.fetch_add(1, Ordering::Relaxed) + 1
}

/// Fill memory with a text.
#[tool(safe)]
fn fill(
    /// The text.
    text: String,
) -> usize {
    black_box(text.repeat((16 << 20) / text.len().max(1))).len()
}

/// Look for a text in memory that was never written by this instance.
#[tool(safe)]
fn find(
    /// The text, with each byte one higher, so that it is not found in itself.
    text: String,
) -> Result<String, Error> {
    let wanted: Vec<u8> = text.bytes().map(|byte| byte - 1).collect();
    let room: Vec<u8> = Vec::with_capacity(24 << 20);
    let start = black_box(room.as_ptr());
    #[expect(
        unsafe_code,
        reason = "what is in memory before it is written is the question"
    )]
    // SAFETY: the room is there, and any byte is a byte; linear memory is never uninitialized.
    let bytes = unsafe { std::slice::from_raw_parts(start, 24 << 20) };
    let found = bytes.windows(wanted.len()).any(|window| window == wanted);
    match found {
        true => Ok("found".into()),
        false => Err(Error::denied("nothing was left in memory")),
    }
}

/// Fail with a text.
#[tool(safe)]
fn fail(
    /// The text.
    text: String,
) -> Result<String, Error> {
    Err(Error::internal(text))
}

/// Report progress and log, with a text.
#[tool(safe)]
fn report(
    /// The text.
    text: String,
) -> String {
    loom_sdk::host::progress(&text, None);
    loom_sdk::host::log(loom_sdk::host::LogLevel::Error, &text);
    eprintln!("{text}");
    "reported".into()
}

/// Answer with bytes that are no text.
#[tool(safe)]
fn not_text() -> String {
    broken()
}

/// Report progress with bytes that are no text.
#[tool(safe)]
fn report_not_text() -> String {
    loom_sdk::host::progress(&broken(), None);
    "reported".into()
}

fn broken() -> String {
    let bytes = black_box(vec![b'a', 0xff, 0xc0, 0x80, b'b']);
    #[expect(unsafe_code, reason = "that it is no text is the point")]
    // SAFETY: it is handed to the host unread; what the host makes of it is the question.
    unsafe {
        String::from_utf8_unchecked(bytes)
    }
}

/// Answer with a text that calls itself JSON.
#[tool(safe)]
fn call_json(
    /// The text.
    text: String,
    /// How often it is repeated.
    times: usize,
) -> Vec<Content> {
    vec![Content::Json(text.repeat(times))]
}

/// Answer with JSON that is many times larger once it is read.
#[tool(safe)]
fn swelling_json(
    /// How many lists.
    lists: usize,
) -> Vec<Content> {
    vec![Content::Json(format!("[{}[]]", "[],".repeat(lists)))]
}

/// Answer with more pieces than anybody counts.
#[tool(safe)]
fn many_pieces(
    /// How many.
    pieces: usize,
) -> Vec<Content> {
    vec![Content::Text(String::new()); pieces]
}

loom_sdk::export_tools!(
    empty,
    append,
    remove,
    make_directory,
    link,
    backdate,
    read_often,
    swap_often,
    open_forever,
    subscribe_forever,
    random,
    secret,
    fetch,
    follow,
    upload,
    fetch_forever,
    send_datagram,
    listen,
    resolve,
    count,
    fill,
    find,
    fail,
    report,
    not_text,
    report_not_text,
    call_json,
    swelling_json,
    many_pieces,
);
loom_sdk::manifest!("intruder.toml");
