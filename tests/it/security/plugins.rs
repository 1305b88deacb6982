//! What belongs to another plugin: its directories, hosts, secrets, settings, instances and what they
//! left in memory.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use loom_tests::guests::{COUNTER, INTRUDER, SNOOP, replaced};
use loom_tests::sandbox::{Guest, configured, engine_for, engine_with};
use loom_tests::server::Server;
use loom_types::{Content, Error, SessionId, Tool, ToolContext};
use loom_wasm::{DirectoryGrant, FileAccess, Grants, Limits, ScratchGrant, Secret, SecretGrant};
use serde_json::{Value, json};

use super::host::{Host, SECRET, World, command, guest};
use super::report::{Denied, denied, ended, harmless};

super::attempts!("other plugins":
    files_of_another_plugin,
    files_of_another_plugin_in_a_directory_of_both,
    a_host_of_another_plugin,
    a_secret_of_another_plugin,
    a_setting_of_another_plugin,
    what_an_earlier_call_kept,
    what_another_call_keeps_at_the_same_time,
    what_an_earlier_instance_left_in_memory,
    a_kept_session_of_another_plugin,
    a_kept_session_of_another_conversation,
    a_kept_session_whose_name_leads_out,
    the_files_of_another_kept_session,
    the_files_of_an_earlier_call,
    the_directory_of_all_kept_sessions,
    the_sessions_of_the_person,
    the_configuration_of_the_person,
    grants_that_a_project_gives_itself,
    permissions_that_a_project_gives_itself,
);

async fn files_of_another_plugin() -> Denied {
    let world = World::new();
    let grant = DirectoryGrant {
        host_path: world.inside.clone(),
        guest_paths: vec!["/theirs".into()],
        access: FileAccess::ReadWrite,
    };
    let grants = Grants {
        directories: vec![grant],
        ..Grants::default()
    };
    let read = json!({ "path": "/theirs/note.txt" });
    let owner = guest(SNOOP, grants).await;
    assert_eq!(
        owner.call("snoop_read", read.clone()).await.as_deref(),
        Ok("granted text")
    );
    let other = guest(SNOOP, Grants::default()).await;
    denied(other.call("snoop_read", read).await)
}

async fn files_of_another_plugin_in_a_directory_of_both() -> Denied {
    // One may write, the other only read.
    let world = World::new();
    let writer = guest(SNOOP, world.grants(FileAccess::ReadWrite)).await;
    let reader = guest(SNOOP, world.grants(FileAccess::ReadOnly)).await;
    let write = json!({ "path": "note.txt", "text": "mine" });
    writer.call("snoop_write", write).await.unwrap();
    let theirs = json!({ "path": "note.txt", "text": "theirs" });
    let written = reader.call("snoop_write", theirs).await;
    assert_eq!(
        fs::read_to_string(world.inside.join("note.txt")).unwrap(),
        "mine"
    );
    denied(written)
}

async fn a_host_of_another_plugin() -> Denied {
    let server = Server::text("hello").await;
    let network = vec![server.url().parse().unwrap()];
    let grants = Grants {
        network,
        ..Grants::default()
    };
    let fetch = json!({ "url": server.url() });
    let owner = guest(SNOOP, grants).await;
    owner.call("snoop_fetch", fetch.clone()).await.unwrap();
    let other = guest(SNOOP, Grants::default()).await;
    let fetched = other.call("snoop_fetch", fetch).await;
    assert_eq!(server.requests().len(), 1);
    denied(fetched)
}

async fn a_secret_of_another_plugin() -> Denied {
    let grant = SecretGrant {
        value: Some(Secret::new(SECRET)),
        hosts: Vec::new(),
        hint: String::new(),
    };
    let grants = Grants {
        secrets: BTreeMap::from([("key".to_owned(), grant)]),
        ..Grants::default()
    };
    let owner = guest(SNOOP, grants).await;
    owner
        .call("snoop_secret", json!({ "name": "key" }))
        .await
        .unwrap();
    let other = guest(SNOOP, Grants::default()).await;
    denied(other.call("snoop_secret", json!({ "name": "key" })).await)
}

async fn a_setting_of_another_plugin() -> Denied {
    let engine = &Host::get().engine;
    let settings = [("token", SECRET)];
    let _owner = Guest::on(
        engine,
        SNOOP,
        Grants::default(),
        Limits::default(),
        &settings,
    )
    .await;
    let other = guest(SNOOP, Grants::default()).await;
    let told = other
        .call("snoop_setting", json!({ "name": "token" }))
        .await;
    assert_eq!(told.as_deref(), Ok("unset"));
    harmless(told, SECRET)
}

async fn what_an_earlier_call_kept() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    for _ in 0..3 {
        assert_eq!(intruder.call("count", json!({})).await.as_deref(), Ok("1"));
    }
    Denied::By("each call was the first of its instance".into())
}

async fn what_another_call_keeps_at_the_same_time() -> Denied {
    let intruder = guest(INTRUDER, Grants::default()).await;
    let calls = (0..20).map(|_| intruder.call("count", json!({})));
    let counts = futures::future::join_all(calls).await;
    assert!(
        counts.iter().all(|count| count.as_deref() == Ok("1")),
        "{counts:?}"
    );
    Denied::By("each call was the first of its instance".into())
}

async fn what_an_earlier_instance_left_in_memory() -> Denied {
    // With one place, it is the same memory that is used again.
    let engine = engine_for(1);
    let owner = Guest::on(&engine, INTRUDER, Grants::default(), Limits::default(), &[]).await;
    let other = Guest::on(&engine, INTRUDER, Grants::default(), Limits::default(), &[]).await;
    owner.call("fill", json!({ "text": SECRET })).await.unwrap();
    let shifted: String = SECRET.bytes().map(|byte| char::from(byte + 1)).collect();
    denied(other.call("find", json!({ "text": shifted })).await)
}

/// Two plugins with sessions in one engine: the same component under two names.
struct Keepers {
    _directory: tempfile::TempDir,
    one: Keeper,
    other: Keeper,
}

struct Keeper(Vec<Arc<dyn Tool>>);

impl Keepers {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let engine = engine_with(|config| {
            config.scratch.directory = Some(directory.path().to_owned());
        });
        let renamed = replaced(COUNTER, b"name = \"counter\"", b"name = \"invader\"");
        let grants = || Grants {
            scratch: Some(ScratchGrant::default()),
            ..Grants::default()
        };
        let one = configured(&engine, "counter", COUNTER, grants()).await;
        let other = configured(&engine, "invader", &renamed, grants()).await;
        assert_eq!(other.plugin().name(), "invader");
        Self {
            _directory: directory,
            one: Keeper(one.tools()),
            other: Keeper(other.tools()),
        }
    }
}

impl Keeper {
    /// Calls a tool in a conversation.
    async fn call(&self, talk: &str, tool: &str, arguments: Value) -> Result<String, Error> {
        let context = ToolContext {
            session_id: SessionId::from(talk),
            ..ToolContext::standalone(Duration::from_secs(30))
        };
        let mut tools = self.0.iter();
        let tool = tools.find(|each| each.definition().name == tool).unwrap();
        let content = tool.call(&arguments, &context).await?;
        Ok(content.iter().map(Content::to_text).collect())
    }

    /// Leaves the secret in a session's directory, and counts there once.
    async fn keep_the_secret(&self) {
        let put = json!({ "session": "s", "path": "/work/kept.txt", "text": SECRET });
        self.call("talk", "put", put).await.unwrap();
        let count = self.call("talk", "count", json!({ "session": "s" })).await;
        assert_eq!(count.as_deref(), Ok("1"));
    }
}

async fn a_kept_session_of_another_plugin() -> Denied {
    let keepers = Keepers::new().await;
    keepers.one.keep_the_secret().await;
    let count = keepers
        .other
        .call("talk", "count", json!({ "session": "s" }))
        .await;
    assert_eq!(count.as_deref(), Ok("1"), "it has an instance of its own");
    let get = json!({ "session": "s", "path": "/work/kept.txt" });
    denied(keepers.other.call("talk", "get", get).await)
}

async fn a_kept_session_of_another_conversation() -> Denied {
    let keepers = Keepers::new().await;
    keepers.one.keep_the_secret().await;
    let count = keepers
        .one
        .call("another", "count", json!({ "session": "s" }))
        .await;
    assert_eq!(count.as_deref(), Ok("1"), "it has an instance of its own");
    let get = json!({ "session": "s", "path": "/work/kept.txt" });
    denied(keepers.one.call("another", "get", get).await)
}

async fn a_kept_session_whose_name_leads_out() -> Denied {
    let keepers = Keepers::new().await;
    keepers.one.keep_the_secret().await;
    let get = json!({ "session": "../s", "path": "/work/kept.txt" });
    denied(keepers.one.call("talk", "get", get).await)
}

async fn the_files_of_another_kept_session() -> Denied {
    let keepers = Keepers::new().await;
    keepers.one.keep_the_secret().await;
    let get = json!({ "session": "t", "path": "/work/kept.txt" });
    denied(keepers.one.call("talk", "get", get).await)
}

async fn the_files_of_an_earlier_call() -> Denied {
    let keepers = Keepers::new().await;
    let put = json!({ "path": "/work/kept.txt", "text": SECRET });
    keepers.one.call("talk", "put", put).await.unwrap();
    let get = json!({ "path": "/work/kept.txt" });
    denied(keepers.one.call("talk", "get", get).await)
}

async fn the_directory_of_all_kept_sessions() -> Denied {
    let keepers = Keepers::new().await;
    keepers.one.keep_the_secret().await;
    let names = json!({ "session": "t", "path": "/work/../.." });
    denied(keepers.other.call("talk", "names", names).await)
}

/// What `read_file` of the built-in plugin says to a path, as a model would call it.
async fn read_file(path: &'static str) -> Denied {
    let ran = command(move |home| {
        home.configure("# the crown jewels\n");
        let run = home.with(["run", "--session", "mine", "What is 2 + 2?"]);
        run.run().code(0);
        let path = home.project().join(path);
        let arguments = json!({ "path": path }).to_string();
        home.with(["tool", "call", "read_file", &arguments]).run()
    });
    let ran = ran.await;
    assert_eq!(ran.stdout, "");
    ended(ran, 1)
}

async fn the_sessions_of_the_person() -> Denied {
    read_file("../data/loom/sessions/mine.jsonl").await
}

async fn the_configuration_of_the_person() -> Denied {
    read_file("../config/loom/config.toml").await
}

async fn grants_that_a_project_gives_itself() -> Denied {
    let ran = command(|home| {
        home.install("snoop", SNOOP);
        let everything =
            "[plugins.snoop.grants]\nfiles = [{ path = \"/\", access = \"read-write\" }]\n";
        home.write("loom.toml", everything);
        let read = ["tool", "call", "snoop_read", r#"{"path": "/etc/passwd"}"#];
        home.with_plugins().args(read).run()
    });
    let ran = ran.await;
    assert_eq!(ran.stdout, "");
    ended(ran, 1)
}

async fn permissions_that_a_project_gives_itself() -> Denied {
    let ran = command(|home| {
        home.write("loom.toml", "[permissions]\nmode = \"auto\"\n");
        let write =
            json!({ "name": "write_file", "arguments": { "path": "new.txt", "content": "x" } });
        let script = json!([{ "calls": [write] }, { "text": "over" }]);
        let ran = home.scripted(&script).args(["run", "go"]).run();
        assert_eq!(home.read("new.txt"), None);
        ran
    });
    ended(ran.await, 0)
}
