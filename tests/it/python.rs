//! A plugin in Python, an interpreter with its libraries, is a plugin like any other: same
//! definitions, same errors, same walls.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use loom_tests::guests;
use loom_tests::sandbox::{directory, engine, load};
use loom_tests::skipped;
use loom_types::{Content, Error, ErrorKind, Safety, ToolContext};
use loom_wasm::{ConfiguredPlugin, FileAccess, Grants, Limits, Plugin};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The plugin as a person would load it; once, because compiling it takes a while. None, and said
/// loudly, where the tests were built without Python.
async fn plugin() -> Option<&'static Plugin> {
    static PLUGIN: OnceCell<Plugin> = OnceCell::const_new();
    let component = guests::PYTHON
        .map_err(|missing| skipped("the guest in Python", missing))
        .ok()?;
    let load = || async { load(&engine(), "words", component).await.unwrap() };
    Some(PLUGIN.get_or_init(load).await)
}

async fn python(grants: Grants) -> Option<ConfiguredPlugin> {
    let plugin = plugin().await?;
    let configured = plugin.configure(grants, Limits::default(), BTreeMap::new());
    Some(configured.unwrap())
}

async fn call(
    python: &ConfiguredPlugin,
    tool: &str,
    arguments: Value,
) -> Result<Vec<Content>, Error> {
    let tools = python.tools();
    let tool = tools
        .iter()
        .find(|each| each.definition().name == tool)
        .unwrap();
    let context = ToolContext::standalone(Duration::from_secs(20));
    tool.call(&arguments, &context).await
}

/// A granted directory with a file, inside a directory with a secret.
fn world() -> (TempDir, PathBuf) {
    let outside = tempfile::tempdir().unwrap();
    let inside = outside.path().join("granted");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("note.txt"), "granted text").unwrap();
    fs::write(outside.path().join("secret.txt"), "secret text").unwrap();
    (outside, inside)
}

#[tokio::test]
async fn a_plugin_in_python_loads_with_its_manifest_and_its_tools() {
    let Some(plugin) = plugin().await else { return };
    assert_eq!(
        (plugin.name().as_str(), plugin.version()),
        ("words", "1.0.0")
    );
    assert_eq!(plugin.exports().names(), ["tool"]);
    let names: Vec<&str> = plugin
        .definitions()
        .iter()
        .map(|definition| definition.name.as_str())
        .collect();
    let expected = [
        "word_count",
        "py_read",
        "py_write",
        "py_environment",
        "py_connect",
        "py_fail",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_function_in_python_becomes_a_definition() {
    let Some(plugin) = plugin().await else { return };
    let word_count = &plugin.definitions()[0];
    assert_eq!(
        word_count.description,
        "Count the words, lines and characters of a text."
    );
    assert_eq!(
        word_count.input_schema,
        json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "The text." } },
            "required": ["text"],
            "additionalProperties": false
        })
    );
    assert_eq!(
        (word_count.safety, word_count.idempotent),
        (Safety::Safe, true)
    );
    let py_write = &plugin.definitions()[2];
    assert_eq!(
        (py_write.safety, py_write.idempotent),
        (Safety::Cautious, false)
    );
}

#[tokio::test]
async fn words_are_counted_whatever_the_text() {
    let Some(python) = python(Grants::default()).await else {
        return;
    };
    for (text, words, lines, characters) in [
        ("one two\nthree", 3, 2, 13),
        ("", 0, 0, 0),
        ("naïve 東京 👩‍💻", 3, 1, 12),
        ("\0\u{feff}\u{202e}", 1, 1, 3),
        (&"wide ".repeat(100_000), 100_000, 1, 500_000),
    ] {
        let content = call(&python, "word_count", json!({ "text": text })).await;
        let expected = json!({ "words": words, "lines": lines, "characters": characters });
        assert_eq!(content.unwrap(), [Content::Json(expected)]);
    }
}

#[tokio::test]
async fn python_without_grants_reads_and_writes_nothing() {
    let Some(python) = python(Grants::default()).await else {
        return;
    };
    for path in [
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/null",
        "note.txt",
        "../note.txt",
        ".",
        "/",
        "",
    ] {
        let read = call(&python, "py_read", json!({ "path": path })).await;
        let error = read.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{path} gave {error}");
        let write = json!({ "path": path, "text": "x" });
        let error = call(&python, "py_write", write).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{path} gave {error}");
    }
}

#[tokio::test]
async fn python_sees_the_granted_variables_and_no_others() {
    let Some(bare) = python(Grants::default()).await else {
        return;
    };
    assert!(
        std::env::vars().count() > 0,
        "the test itself has an environment"
    );
    let seen = call(&bare, "py_environment", json!({})).await.unwrap();
    assert_eq!(seen, [Content::Json(json!({}))]);

    let environment = BTreeMap::from([("LANG".to_owned(), "C".to_owned())]);
    let grants = Grants {
        environment,
        ..Grants::default()
    };
    let granted = python(grants).await.unwrap();
    let seen = call(&granted, "py_environment", json!({})).await.unwrap();
    assert_eq!(seen, [Content::Json(json!({ "LANG": "C" }))]);
}

#[tokio::test]
async fn python_connects_nowhere_even_with_network_granted() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let network = vec![
        format!("http://{address}").parse().unwrap(),
        "*".parse().unwrap(),
    ];
    for network in [Vec::new(), network] {
        let grants = Grants {
            network,
            ..Grants::default()
        };
        let Some(python) = python(grants).await else {
            return;
        };
        for address in [address.as_str(), "localhost:80"] {
            let connected = call(&python, "py_connect", json!({ "address": address })).await;
            let error = connected.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Denied, "{address} gave {error}");
        }
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

#[tokio::test]
async fn python_reads_a_read_only_directory_and_cannot_write_it() {
    let (_outside, inside) = world();
    let Some(python) = python(directory(&inside, FileAccess::ReadOnly)).await else {
        return;
    };
    let read = call(&python, "py_read", json!({ "path": "note.txt" })).await;
    assert_eq!(read.unwrap(), [Content::from("granted text")]);
    for path in ["note.txt", "new.txt"] {
        let write = json!({ "path": path, "text": "x" });
        let error = call(&python, "py_write", write).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    }
    let kept = fs::read_to_string(inside.join("note.txt")).unwrap();
    assert_eq!(kept, "granted text");
    assert_eq!(fs::read_dir(&inside).unwrap().count(), 1);
}

#[tokio::test]
async fn python_writes_a_writable_directory() {
    let (_outside, inside) = world();
    let Some(python) = python(directory(&inside, FileAccess::ReadWrite)).await else {
        return;
    };
    let write = json!({ "path": "new.txt", "text": "x" });
    call(&python, "py_write", write).await.unwrap();
    assert_eq!(fs::read_to_string(inside.join("new.txt")).unwrap(), "x");
}

#[tokio::test]
async fn no_path_in_python_leads_out_of_a_granted_directory() {
    let (outside, inside) = world();
    let secret = outside.path().join("secret.txt");
    symlink(&secret, inside.join("absolute")).unwrap();
    symlink("../secret.txt", inside.join("relative")).unwrap();
    symlink("..", inside.join("parent")).unwrap();
    let Some(python) = python(directory(&inside, FileAccess::ReadWrite)).await else {
        return;
    };
    for path in [
        "../secret.txt",
        "note.txt/../../secret.txt",
        "../granted/../secret.txt",
        secret.to_str().unwrap(),
        "//etc/passwd",
        "/proc/self/root/etc/passwd",
        "absolute",
        "relative",
        "parent/secret.txt",
    ] {
        let read = call(&python, "py_read", json!({ "path": path })).await;
        assert!(read.is_err(), "{path} gave {read:?}");
        let write = json!({ "path": path, "text": "x" });
        let written = call(&python, "py_write", write).await;
        assert!(written.is_err(), "{path} was written");
    }
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret text");
}

#[tokio::test]
async fn a_missing_file_is_not_found_in_python_too() {
    let (_outside, inside) = world();
    let Some(python) = python(directory(&inside, FileAccess::ReadOnly)).await else {
        return;
    };
    let error = call(&python, "py_read", json!({ "path": "none.txt" }))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(error.origin.as_deref(), Some("words 1.0.0"));
}

#[tokio::test]
async fn an_uncaught_exception_is_an_error_value_and_the_plugin_goes_on() {
    let Some(python) = python(Grants::default()).await else {
        return;
    };
    for _ in 0..2 {
        let error = call(&python, "py_fail", json!({})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Internal);
        assert!(
            error
                .message
                .contains("ValueError: this tool fails on purpose"),
            "{error}"
        );
        let content = call(&python, "word_count", json!({ "text": "a b" })).await;
        assert!(content.is_ok(), "{content:?}");
    }
}
