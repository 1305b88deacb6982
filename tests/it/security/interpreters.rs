//! Code that a model might write, in each language that has an interpreter.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use loom_tests::interpreters::{BASH, Interpreter, JAVASCRIPT, Language, PYTHON, limits};
use loom_types::ToolContext;
use loom_wasm::{DirectoryGrant, FileAccess, Grants, Plugin, PluginSource};
use serde_json::json;

use super::host::{Host, SECRET, World};
use super::report::{Denied, harmless};

super::attempts!("interpreters":
    python_reads_the_users_of_the_machine,
    python_reads_beside_its_directory,
    python_makes_a_link_out,
    python_reads_the_environment,
    python_reads_the_environment_in_proc,
    python_opens_a_socket,
    python_starts_a_program,
    python_forks,
    python_loads_a_library_of_the_machine,
    python_runs_broken_bytecode,
    python_writes_outside,
    python_never_ends,
    python_takes_all_memory,
    javascript_reads_the_users_of_the_machine,
    javascript_imports_a_file_of_the_machine,
    javascript_reads_beside_its_directory,
    javascript_reads_the_environment,
    javascript_fetches_what_is_not_granted,
    javascript_starts_a_program,
    javascript_changes_its_own_objects,
    javascript_matches_for_ever,
    javascript_never_ends,
    javascript_takes_all_memory,
    bash_reads_the_users_of_the_machine,
    bash_reads_beside_its_directory,
    bash_makes_a_link_out,
    bash_reads_the_environment,
    bash_opens_a_socket,
    bash_starts_a_program,
    bash_forks_for_ever,
    bash_writes_outside,
    bash_never_ends,
    bash_takes_all_memory,
);

/// A line of the file of users, which is on every machine.
const USERS: &str = "root:x:0:0";

/// How long code may run.
const TIME: Duration = Duration::from_secs(5);

/// Above that a call may take this much, on a machine that does many things at once.
const SLACK: Duration = Duration::from_secs(5);

/// Runs code with a directory; `unwanted` may not be in what it gives, and nothing outside may change.
async fn run(language: Language, unwanted: &str, code: impl FnOnce(&World) -> String) -> Denied {
    if let Some(why) = is_missing(language).await {
        return Denied::Skipped(why);
    }
    let world = World::new();
    let grant = DirectoryGrant {
        host_path: world.inside.clone(),
        guest_paths: vec![".".into(), world.inside.to_string_lossy().into_owned()],
        access: FileAccess::ReadWrite,
    };
    let grants = Grants {
        directories: vec![grant],
        ..Grants::default()
    };
    let engine = &Host::get().engine;
    let interpreter = Interpreter::with(engine, language, grants, limits(TIME)).await;
    let context = ToolContext::standalone(TIME);
    let arguments = json!({ "code": code(&world) });
    let interpreter = interpreter.unwrap();
    let started = Instant::now();
    let given = interpreter.call(arguments, &context).await;
    assert!(
        started.elapsed() < TIME + SLACK,
        "it took {:?}",
        started.elapsed()
    );
    world.is_as_it_was();
    harmless(given.map(|value| value.to_string()), unwanted)
}

/// What is missing for a language.
async fn is_missing(language: Language) -> Option<String> {
    let mut all = loom_builtins::ALL.iter();
    let Some(found) = all.find(|builtin| builtin.name == language.plugin) else {
        let mut missing = loom_builtins::MISSING.iter();
        let missing = missing.find(|missing| missing.name == language.plugin);
        return Some(format!("it needs {}", missing.unwrap().needs));
    };
    let source = PluginSource::Embedded {
        name: found.name,
        wasm: found.wasm,
        digest: found.digest,
    };
    let loaded = Plugin::load(&Host::get().engine, source).await;
    loaded.err().map(|error| error.to_string())
}

/// A path outside of the directory.
fn secret(world: &World) -> String {
    world.secret().to_string_lossy().into_owned()
}

/// Runs code that must be stopped, or stop by itself.
async fn is_stopped(language: Language, code: &str) -> Denied {
    run(language, "it is over", |_| code.to_owned()).await
}

/// Runs code that connects to an address of this machine.
async fn connects(language: Language, code: impl FnOnce(&str, u16) -> String) -> Denied {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let outcome = run(language, "connected", |_| code("127.0.0.1", port)).await;
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it connected");
    outcome
}

async fn python_reads_the_users_of_the_machine() -> Denied {
    run(PYTHON, USERS, |_| {
        "print(open('/etc/passwd').read())".into()
    })
    .await
}

async fn python_reads_beside_its_directory() -> Denied {
    let code = |world: &World| {
        let (inside, secret) = (world.inside.display(), secret(world));
        format!(
            "for path in ('{secret}', '{inside}/../secret.txt', '../secret.txt'):\n  try: print(open(path).read())\n  except OSError as e: print(e)"
        )
    };
    run(PYTHON, SECRET, code).await
}

async fn python_makes_a_link_out() -> Denied {
    let code = |world: &World| {
        let inside = world.inside.display();
        format!(
            "import os\nos.symlink('../secret.txt', '{inside}/link')\nprint(open('{inside}/link').read())"
        )
    };
    run(PYTHON, SECRET, code).await
}

async fn python_reads_the_environment() -> Denied {
    run(PYTHON, "CARGO", |_| {
        "import os\nprint(dict(os.environ))".into()
    })
    .await
}

async fn python_reads_the_environment_in_proc() -> Denied {
    run(PYTHON, "CARGO", |_| {
        "print(open('/proc/self/environ').read())".into()
    })
    .await
}

async fn python_opens_a_socket() -> Denied {
    connects(PYTHON, |host, port| {
        format!("import socket\nsocket.create_connection(('{host}', {port}), 2)\nprint('conn' + 'ected')")
    })
    .await
}

async fn python_starts_a_program() -> Denied {
    let code = "import subprocess\nprint(subprocess.run(['/bin/cat', '/etc/passwd'], capture_output=True))";
    run(PYTHON, USERS, |_| code.into()).await
}

async fn python_forks() -> Denied {
    run(PYTHON, "forked", |_| {
        "import os\nos.fork()\nprint('fork' + 'ed')".into()
    })
    .await
}

async fn python_loads_a_library_of_the_machine() -> Denied {
    let code = "import ctypes\nctypes.CDLL(None).system(b'id')\nprint('load' + 'ed')";
    run(PYTHON, "loaded", |_| code.into()).await
}

async fn python_runs_broken_bytecode() -> Denied {
    let code = "def f(): pass\nf.__code__ = f.__code__.replace(co_code=bytes(range(256)) * 9, co_stacksize=1)\nf()\nprint('it is ov' + 'er')";
    is_stopped(PYTHON, code).await
}

async fn python_writes_outside() -> Denied {
    let code = |world: &World| {
        format!(
            "open('{}', 'w').write('x')\nprint('writ' + 'ten')",
            secret(world)
        )
    };
    run(PYTHON, "written", code).await
}

async fn python_never_ends() -> Denied {
    is_stopped(PYTHON, "while True: pass").await
}

async fn python_takes_all_memory() -> Denied {
    is_stopped(
        PYTHON,
        "held = []\nwhile True: held.append('x' * 1_000_003 + str(len(held)))",
    )
    .await
}

async fn javascript_reads_the_users_of_the_machine() -> Denied {
    let code = "const fs = await import('node:fs').catch(() => import('fs'));\nconsole.log(fs.readFileSync('/etc/passwd', 'utf8'))";
    run(JAVASCRIPT, USERS, |_| code.into()).await
}

async fn javascript_imports_a_file_of_the_machine() -> Denied {
    let code = "try { console.log(await import('/etc/passwd')) } catch (error) { console.log(String(error), error.stack) }";
    run(JAVASCRIPT, USERS, |_| code.into()).await
}

async fn javascript_reads_beside_its_directory() -> Denied {
    let code = |world: &World| {
        let secret = secret(world);
        format!(
            "for (const read of [p => std.loadFile(p), p => readFile(p), p => fs.readFileSync(p, 'utf8'), p => require('fs').readFileSync(p, 'utf8')])\n  for (const path of ['{secret}', '../secret.txt'])\n    try {{ console.log(read(path)) }} catch (error) {{ console.log(String(error)) }}"
        )
    };
    run(JAVASCRIPT, SECRET, code).await
}

async fn javascript_reads_the_environment() -> Denied {
    let code = "for (const see of [() => process.env, () => std.getenviron(), () => Object.keys(globalThis)])\n  try { console.log(JSON.stringify(see())) } catch (error) { console.log(String(error)) }";
    run(JAVASCRIPT, "CARGO", |_| code.into()).await
}

async fn javascript_fetches_what_is_not_granted() -> Denied {
    connects(JAVASCRIPT, |host, port| {
        format!("await fetch('http://{host}:{port}/')\nconsole.log('conn' + 'ected')")
    })
    .await
}

async fn javascript_starts_a_program() -> Denied {
    let code = "const os = await import('os').catch(() => globalThis.os);\nconsole.log(os.exec(['/bin/cat', '/etc/passwd']))";
    run(JAVASCRIPT, USERS, |_| code.into()).await
}

async fn javascript_changes_its_own_objects() -> Denied {
    // What the host makes of the result must not follow what the guest says of objects.
    let code = "Object.prototype.toString = () => { throw 1 }; Object.prototype.toJSON = () => { for (;;); };\nArray.prototype.map = null; JSON.stringify = null; console = null; 1";
    is_stopped(JAVASCRIPT, code).await
}

async fn javascript_matches_for_ever() -> Denied {
    is_stopped(
        JAVASCRIPT,
        "/^(a+)+$/.test('a'.repeat(60) + 'b'); console.log('it is ov' + 'er')",
    )
    .await
}

async fn javascript_never_ends() -> Denied {
    is_stopped(JAVASCRIPT, "while (true) {}").await
}

async fn javascript_takes_all_memory() -> Denied {
    let code = "const held = []; while (true) held.push(new Array(100003).fill(held.length))";
    is_stopped(JAVASCRIPT, code).await
}

async fn bash_reads_the_users_of_the_machine() -> Denied {
    run(BASH, USERS, |_| {
        "cat /etc/passwd; < /etc/passwd cat; cat //etc/passwd; head /proc/self/root/etc/passwd"
            .into()
    })
    .await
}

async fn bash_reads_beside_its_directory() -> Denied {
    let code = |world: &World| {
        let (inside, secret) = (world.inside.display(), secret(world));
        format!(
            "cat '{secret}'; cat ../secret.txt; cd '{inside}/..' && cat secret.txt; source '{secret}'; cat '{inside}'/../*.txt"
        )
    };
    run(BASH, SECRET, code).await
}

async fn bash_makes_a_link_out() -> Denied {
    let code = |world: &World| {
        let inside = world.inside.display();
        format!(
            "ln -s ../secret.txt '{inside}/link'; ln '{}' '{inside}/hard'; cat '{inside}/link' '{inside}/hard'",
            secret(world)
        )
    };
    run(BASH, SECRET, code).await
}

async fn bash_reads_the_environment() -> Denied {
    run(BASH, "CARGO_MANIFEST", |_| {
        "env; export -p; set; cat /proc/self/environ".into()
    })
    .await
}

async fn bash_opens_a_socket() -> Denied {
    connects(BASH, |host, port| {
        format!(
            "echo x > /dev/tcp/{host}/{port} && echo conn''ected\ncurl -s http://{host}:{port}/ && echo conn''ected\nwget -q -O- http://{host}:{port}/ && echo conn''ected\nnc {host} {port} && echo conn''ected"
        )
    })
    .await
}

async fn bash_starts_a_program() -> Denied {
    run(BASH, USERS, |_| {
        "/bin/cat /etc/passwd; exec /bin/cat /etc/passwd".into()
    })
    .await
}

async fn bash_forks_for_ever() -> Denied {
    is_stopped(BASH, ":(){ :|:& };:").await
}

async fn bash_writes_outside() -> Denied {
    let code = |world: &World| {
        let secret = secret(world);
        format!(
            "echo x > '{secret}' && echo writ''ten; rm -f '{secret}'; mv '{secret}' /tmp; echo x > ../new.txt; cp /dev/null '{secret}'"
        )
    };
    run(BASH, "written", code).await
}

async fn bash_never_ends() -> Denied {
    is_stopped(BASH, "while :; do :; done; echo it is ov''er").await
}

async fn bash_takes_all_memory() -> Denied {
    is_stopped(
        BASH,
        "x=xxxxxxxxxx; while :; do x=$x$x; done; echo it is ov''er",
    )
    .await
}
