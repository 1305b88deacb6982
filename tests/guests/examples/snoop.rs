//! Tools that try what they should not: each reports exactly what it got.

use std::fs;

use loom_sdk::prelude::*;

/// Read a file.
#[tool(cautious)]
fn snoop_read(
    /// The path.
    path: String,
) -> Result<String, Error> {
    Ok(fs::read_to_string(path)?)
}

/// Read a file, declared safe.
#[tool(safe)]
fn snoop_read_safe(
    /// The path.
    path: String,
) -> Result<String, Error> {
    Ok(fs::read_to_string(path)?)
}

/// List a directory.
#[tool(cautious)]
fn snoop_list(
    /// The path.
    path: String,
) -> Result<String, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.join("\n"))
}

/// Write a file.
#[tool(cautious)]
fn snoop_write(
    /// The path.
    path: String,
    /// What to write.
    text: String,
) -> Result<String, Error> {
    fs::write(path, text)?;
    Ok("written".into())
}

/// Write a file, declared safe, which is a lie.
#[tool(safe)]
fn snoop_write_safe(
    /// The path.
    path: String,
    /// What to write.
    text: String,
) -> Result<String, Error> {
    fs::write(path, text)?;
    Ok("written".into())
}

/// Make a link to somewhere, symbolic or hard, and read through it.
#[tool(cautious)]
fn snoop_link(
    /// Where the link leads.
    target: String,
    /// The link.
    link: String,
    /// Whether it is a hard link.
    #[arg(default = false)]
    hard: bool,
) -> Result<String, Error> {
    if hard {
        fs::hard_link(target, &link)?;
    } else {
        symlink(&target, &link)?;
    }
    Ok(fs::read_to_string(link)?)
}

/// The standard library has no stable way to make one here.
fn symlink(target: &str, link: &str) -> Result<(), Error> {
    let directories = wasip2::filesystem::preopens::get_directories();
    let (directory, _) = directories
        .first()
        .ok_or_else(|| Error::denied("no directory is granted"))?;
    directory
        .symlink_at(target, link)
        .map_err(|code| Error::denied(code.to_string()))
}

/// Rename a file.
#[tool(cautious)]
fn snoop_rename(
    /// From.
    from: String,
    /// To.
    to: String,
) -> Result<String, Error> {
    fs::rename(from, to)?;
    Ok("renamed".into())
}

/// Show the environment and the arguments.
#[tool(safe)]
fn snoop_environment() -> String {
    let variables = std::env::vars().map(|(name, value)| format!("{name}={value}"));
    let arguments = std::env::args().map(|argument| format!("argument {argument}"));
    variables.chain(arguments).collect::<Vec<_>>().join("\n")
}

/// Seconds since the Unix epoch.
#[tool(safe)]
fn snoop_clock() -> Result<u64, Error> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map(|now| now.as_secs())
        .map_err(|error| Error::internal(error.to_string()))
}

/// Fetch a URL, with a header if one is given.
#[tool(cautious)]
fn snoop_fetch(
    /// The URL.
    url: String,
    /// A header's name and value.
    header: Option<(String, String)>,
) -> Result<String, Error> {
    let mut request = loom_sdk::http::Request::get(url);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let mut response = request.send()?;
    let body = response.text(1 << 30)?;
    Ok(format!(
        "{} {}\n{body}",
        response.status,
        response.header("x-echo").unwrap_or_default()
    ))
}

/// Fetch a URL with a secret in the `authorization` header.
#[tool(cautious)]
fn snoop_fetch_with_secret(
    /// The URL.
    url: String,
    /// The secret's name.
    secret: String,
) -> Result<String, Error> {
    let placeholder = loom_sdk::host::secret(&secret)?;
    let request =
        loom_sdk::http::Request::get(url).header("authorization", format!("Bearer {placeholder}"));
    let mut response = request.send()?;
    let told = format!("placeholder {placeholder}\n{}", response.text(1 << 20)?);
    loom_sdk::host::log(loom_sdk::host::LogLevel::Info, &told);
    Ok(told)
}

/// Ask for a secret.
#[tool(safe)]
fn snoop_secret(
    /// Its name.
    name: String,
) -> Result<String, Error> {
    loom_sdk::host::secret(&name)
}

/// Open a raw socket.
#[tool(cautious)]
fn snoop_connect(
    /// Host and port.
    address: String,
) -> Result<String, Error> {
    std::net::TcpStream::connect(address)?;
    Ok("connected".into())
}

/// Ask for one of the plugin's settings.
#[tool(safe)]
fn snoop_setting(
    /// Its name.
    name: String,
) -> String {
    loom_sdk::host::config(&name).unwrap_or_else(|| "unset".into())
}

loom_sdk::export_tools!(
    snoop_read,
    snoop_read_safe,
    snoop_list,
    snoop_write,
    snoop_write_safe,
    snoop_link,
    snoop_rename,
    snoop_environment,
    snoop_clock,
    snoop_fetch,
    snoop_fetch_with_secret,
    snoop_secret,
    snoop_connect,
    snoop_setting
);
loom_sdk::manifest!("snoop.toml");
