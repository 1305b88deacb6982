//! Components that are not what they seem, and compiled code that was changed behind the host's back.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use loom_tests::guests::{COMMAND, ECHO, INTRUDER, LIAR, MIMIC, SNOOP, drop_into, replaced};
use loom_tests::sandbox::{Guest, load};
use loom_wasm::{Command, Engine, EngineConfig, Grants, Limits, Plugin, PluginSource};
use serde_json::json;
use tempfile::TempDir;

use super::host::{Host, command};
use super::report::{Denied, ended, harmless};

super::attempts!("components":
    text_for_a_component,
    nothing_for_a_component,
    a_core_module,
    half_a_component,
    a_component_with_a_flipped_byte,
    a_component_of_something_else,
    a_component_that_wants_what_is_not_there,
    a_component_of_another_contract,
    a_schema_that_is_none,
    compiled_code_with_a_flipped_byte,
    compiled_code_of_another_component,
    compiled_code_with_the_seal_of_another,
    compiled_code_cut_short,
    compiled_code_behind_a_link,
    compiled_code_that_others_may_write,
    compiled_code_of_another_user,
    known_tools_that_were_changed,
    known_tools_that_others_may_write,
    a_cache_that_others_may_write,
    a_tool_name_with_a_letter_that_looks_alike,
    a_tool_name_with_an_escape_sequence,
    a_tool_name_without_letters,
    a_tool_name_of_a_hundred_letters,
    the_tool_name_of_a_builtin,
    the_tool_name_of_a_builtin_in_capitals,
    the_plugin_name_of_a_builtin,
    a_definition_that_is_another_each_time,
    a_component_that_is_replaced_while_it_is_used,
);

async fn refused(wasm: &[u8]) -> Denied {
    match load(&Host::get().engine, "foreign", wasm).await {
        Ok(_) => panic!("it was loaded"),
        Err(error) => Denied::By(error.reason.to_string()),
    }
}

async fn text_for_a_component() -> Denied {
    refused(b"#!/bin/sh\ncat /etc/passwd\n").await
}

async fn nothing_for_a_component() -> Denied {
    refused(b"").await
}

async fn a_core_module() -> Denied {
    refused(b"\0asm\x01\0\0\0").await
}

async fn half_a_component() -> Denied {
    refused(&ECHO[..ECHO.len() / 2]).await
}

async fn a_component_with_a_flipped_byte() -> Denied {
    // In the middle of every part of it: what still loads and runs must be as contained as ever.
    let mut refused = 0;
    for part in 0..20 {
        let mut wasm = ECHO.to_vec();
        let at = wasm.len() * (2 * part + 1) / 40;
        wasm[at] ^= 0x40;
        let loaded = load(&Host::get().engine, "flipped", &wasm).await;
        refused += usize::from(match loaded {
            Ok(plugin) => plugin.prepare().await.is_err(),
            Err(_) => true,
        });
    }
    Denied::By(format!("{refused} of 20 were refused, others do no harm"))
}

async fn a_component_of_something_else() -> Denied {
    refused(COMMAND).await
}

async fn a_component_that_wants_what_is_not_there() -> Denied {
    let text = r#"(component
        (import "host:files/everything@1.0.0" (instance (export "read" (func (param "path" string)))))
        (core module $m (func (export "run") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $exported (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $exported)))"#;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wanting.wasm");
    fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let loaded = Command::load(&Host::get().engine, &file).await.unwrap();
    Denied::By(loaded.prepare().await.err().unwrap().to_string())
}

async fn a_component_of_another_contract() -> Denied {
    refused(&replaced(
        ECHO,
        b"loom:plugin/tool@0.1.0",
        b"loom:plugin/tool@9.1.0",
    ))
    .await
}

async fn a_schema_that_is_none() -> Denied {
    refused(LIAR).await
}

/// A cache of its own, in which `echo` is compiled.
struct Compiled {
    directory: TempDir,
}

impl Compiled {
    async fn new() -> Self {
        let compiled = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        compiled.use_it(ECHO).await;
        compiled
    }

    fn cache(&self) -> PathBuf {
        self.directory.path().join("compiled")
    }

    fn engine(&self) -> loom_types::Result<Engine> {
        Engine::new(&EngineConfig {
            cache_directory: Some(self.cache()),
            max_instances: 4,
            ..EngineConfig::default()
        })
    }

    /// As a new process does it.
    async fn use_it(&self, wasm: &[u8]) {
        let engine = self.engine().unwrap();
        let plugin = load(&engine, "echo", wasm).await.unwrap();
        plugin.prepare().await.unwrap();
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.cache()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|it| it == ending))
            .collect()
    }

    fn file(&self, ending: &str) -> PathBuf {
        let [file] = &self.files(ending)[..] else {
            panic!("{:?}", self.files(ending))
        };
        file.clone()
    }

    /// Whether what was changed is made anew, and the plugin does what it should.
    async fn is_made_anew(&self, file: &Path, change: impl FnOnce(&Path)) -> Denied {
        let good = fs::read(file).unwrap();
        change(file);
        let (before, inode) = (fs::read(file).unwrap(), inode(file));
        let engine = self.engine().unwrap();
        let echo = Guest::on(&engine, ECHO, Grants::default(), Limits::default(), &[]).await;
        let said = echo.call("echo", json!({ "text": "as ever" })).await;
        assert_eq!(said.as_deref(), Ok("as ever"));
        let after = fs::read(file).unwrap();
        assert!(
            after != before || inode != self::inode(file),
            "what was changed was used"
        );
        assert!(fs::symlink_metadata(file).unwrap().is_file());
        assert_eq!(after.len(), good.len());
        Denied::By("it was not used, and made anew".into())
    }
}

fn inode(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::symlink_metadata(path).unwrap().ino()
}

fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

async fn compiled_code_with_a_flipped_byte() -> Denied {
    let compiled = Compiled::new().await;
    let file = compiled.file("cwasm");
    let mut outcome = None;
    for part in 0..8 {
        let change = |path: &Path| flip(path, |length| length * (2 * part + 1) / 16);
        outcome = Some(compiled.is_made_anew(&file, change).await);
    }
    outcome.unwrap()
}

/// The compiled code of another component, put in the place of that of `echo`.
async fn exchange(ending_too: Option<&str>) -> Denied {
    let compiled = Compiled::new().await;
    let echo = compiled.file("cwasm");
    let other = Compiled {
        directory: tempfile::tempdir().unwrap(),
    };
    other.use_it(INTRUDER).await;
    compiled
        .is_made_anew(&echo, |path| {
            fs::copy(other.file("cwasm"), path).unwrap();
            if let Some(ending) = ending_too {
                fs::copy(other.file(ending), path.with_extension(ending)).unwrap();
            }
        })
        .await
}

async fn compiled_code_of_another_component() -> Denied {
    exchange(None).await
}

async fn compiled_code_with_the_seal_of_another() -> Denied {
    exchange(Some("seal")).await
}

async fn compiled_code_cut_short() -> Denied {
    let compiled = Compiled::new().await;
    let file = compiled.file("cwasm");
    let change = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    compiled.is_made_anew(&file, change).await
}

async fn compiled_code_behind_a_link() -> Denied {
    let compiled = Compiled::new().await;
    let file = compiled.file("cwasm");
    let elsewhere = compiled.directory.path().join("elsewhere");
    let change = |path: &Path| {
        fs::rename(path, &elsewhere).unwrap();
        symlink(&elsewhere, path).unwrap();
    };
    compiled.is_made_anew(&file, change).await
}

async fn compiled_code_that_others_may_write() -> Denied {
    let compiled = Compiled::new().await;
    let file = compiled.file("cwasm");
    let change = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    compiled.is_made_anew(&file, change).await
}

async fn compiled_code_of_another_user() -> Denied {
    let compiled = Compiled::new().await;
    let file = compiled.file("cwasm");
    if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
        return Denied::Skipped("only root can give a file to another user".into());
    }
    compiled.is_made_anew(&file, |_| {}).await
}

async fn known_tools_that_were_changed() -> Denied {
    let compiled = Compiled::new().await;
    let facts = compiled.file("json");
    fs::write(
        &facts,
        b"{\"metadata\": {}, \"definitions\": [{\"name\": \"read_file\"}]}",
    )
    .unwrap();
    let plugin = load(&compiled.engine().unwrap(), "echo", ECHO)
        .await
        .unwrap();
    assert_eq!(plugin.definitions()[0].name, "echo");
    Denied::By("they were asked for anew".into())
}

async fn known_tools_that_others_may_write() -> Denied {
    let compiled = Compiled::new().await;
    let facts = compiled.file("json");
    let text = fs::read_to_string(&facts)
        .unwrap()
        .replace("\"echo\"", "\"read_file\"");
    fs::write(&facts, text).unwrap();
    fs::set_permissions(&facts, Permissions::from_mode(0o666)).unwrap();
    let plugin = load(&compiled.engine().unwrap(), "echo", ECHO)
        .await
        .unwrap();
    assert_eq!(plugin.definitions()[0].name, "echo");
    Denied::By("they were asked for anew".into())
}

async fn a_cache_that_others_may_write() -> Denied {
    let compiled = Compiled::new().await;
    fs::set_permissions(compiled.cache(), Permissions::from_mode(0o777)).unwrap();
    Denied::By(compiled.engine().err().unwrap().to_string())
}

/// A plugin whose tool has this name.
fn named(name: &str) -> Vec<u8> {
    let old = format!("mimic{}", "@".repeat(75));
    let new = format!("{name}{}", "@".repeat(80 - name.len()));
    replaced(MIMIC, old.as_bytes(), new.as_bytes())
}

async fn a_tool_name_with_a_letter_that_looks_alike() -> Denied {
    refused(&named("re\u{0430}d_file")).await
}

async fn a_tool_name_with_an_escape_sequence() -> Denied {
    refused(&named("read\u{1b}[2K\rwrite_file")).await
}

async fn a_tool_name_without_letters() -> Denied {
    refused(&named("")).await
}

async fn a_tool_name_of_a_hundred_letters() -> Denied {
    refused(&named(&"a".repeat(70))).await
}

/// What `read_file` says when a plugin is there that has a tool of this name.
async fn mimicked(name: &'static str) -> Denied {
    let ran = command(move |home| {
        home.install("mimic", &named(name));
        home.with_plugins()
            .args(["tool", "call", "read_file", r#"{"path": "notes.txt"}"#])
            .run()
    });
    let ran = ran.await.code(0).says("call Ada");
    harmless(Ok(ran.stdout), "the mimic")
}

async fn the_tool_name_of_a_builtin() -> Denied {
    mimicked("read_file").await
}

async fn the_tool_name_of_a_builtin_in_capitals() -> Denied {
    mimicked("READ_FILE").await
}

async fn the_plugin_name_of_a_builtin() -> Denied {
    // It would have the grants of `fs`.
    let ran = command(|home| {
        let renamed = replaced(SNOOP, b"name = \"snoop\"", b"name = \"fs\"   ");
        home.install("fs", &renamed);
        let call = ["tool", "call", "snoop_read", r#"{"path": "notes.txt"}"#];
        home.with_plugins().args(call).run()
    });
    let ran = ran.await.complains("its name fs is taken");
    ended(ran, 2)
}

async fn a_definition_that_is_another_each_time() -> Denied {
    // The host asks once, and holds on to what it was told.
    let compiled = Compiled::new().await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let plugin = load(&compiled.engine().unwrap(), "mimic", MIMIC)
            .await
            .unwrap();
        told.push(plugin.definitions()[0].description.clone());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    Denied::By("five processes know it as the first did".into())
}

async fn a_component_that_is_replaced_while_it_is_used() -> Denied {
    let directory = tempfile::tempdir().unwrap();
    let path = drop_into(directory.path(), "echo", ECHO);
    let plugin = Plugin::load(&Host::get().engine, PluginSource::File(path.clone()))
        .await
        .unwrap();
    fs::write(&path, MIMIC).unwrap();
    let configured = plugin
        .configure(Grants::default(), Limits::default(), [].into())
        .unwrap();
    let tool = configured.tools().remove(0);
    let context = loom_types::ToolContext::standalone(std::time::Duration::from_secs(30));
    let said = tool
        .call(&json!({ "text": "as ever" }), &context)
        .await
        .unwrap();
    assert_eq!(said[0].to_text(), "as ever");
    harmless(Ok(said[0].to_text()), "the mimic")
}
