//! A command that does what its first argument says, for tests of commands.

#![expect(clippy::print_stdout, reason = "a command prints")]

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::{env, fs, hint, thread, time};

type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().collect();
    let rest: Vec<&str> = arguments.iter().skip(2).map(String::as_str).collect();
    match (arguments.get(1).map_or("", String::as_str), rest.as_slice()) {
        ("arguments", _) => println!("{arguments:?}"),
        ("environment", _) => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ("clock", _) => println!("{}", time::UNIX_EPOCH.elapsed()?.as_secs()),
        ("terminal", _) => println!("{}", io::stdout().is_terminal()),
        ("count", _) => return count(),
        ("say", [text, complaint]) => {
            print!("{text}");
            eprint!("{complaint}");
        }
        ("alternate", _) => (0..100).for_each(|number| {
            println!("out {number}");
            eprintln!("err {number}");
        }),
        ("read", [path]) => print!("{}", fs::read_to_string(path)?),
        ("write", [path, text]) => fs::write(path, text)?,
        ("list", [path]) => return list(path),
        ("fetch", [url]) => return fetch(url),
        ("connect", [address]) => drop(std::net::TcpStream::connect(address)?),
        ("exit", [status]) => std::process::exit(status.parse()?),
        ("fail", _) => return Ok(ExitCode::FAILURE),
        ("panic", _) => panic!("the command panics on purpose"),
        ("sleep", _) => started(|| thread::sleep(time::Duration::from_secs(1_000_000))),
        ("loop", _) => started(|| {
            loop {
                hint::black_box(());
            }
        }),
        ("wait", _) => started(|| drop(io::stdin().lines().next())),
        ("allocate", _) => allocate(),
        ("flood", _) => return flood(),
        (other, _) => return Err(format!("there is nothing called {other:?} to do").into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that it goes on for as long as it is let.
fn started(forever: impl FnOnce()) {
    println!("started");
    forever();
}

fn count() -> Outcome {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    println!("{}", input.len());
    Ok(ExitCode::SUCCESS)
}

fn list(path: &str) -> Outcome {
    for entry in fs::read_dir(path)? {
        println!("{}", entry?.file_name().to_string_lossy());
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch(url: &str) -> Outcome {
    let mut response = loom_sdk::http::Request::get(url).send()?;
    let body = response.text(1 << 20)?;
    print!("{} {body}", response.status);
    Ok(ExitCode::SUCCESS)
}

fn allocate() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(hint::black_box(vec![1; 1 << 20]));
    }
}

fn flood() -> Outcome {
    let line = "x".repeat(1023);
    let mut stdout = io::stdout().lock();
    loop {
        writeln!(stdout, "{line}")?;
    }
}
