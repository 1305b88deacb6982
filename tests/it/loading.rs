//! Plugins that cannot be loaded, and what is kept of those that can.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use loom_tests::guests;
use loom_tests::sandbox::{engine, load};
use loom_wasm::{Engine, EngineConfig, Plugin, PluginSource};

async fn refusal(name: &str, wasm: &[u8]) -> String {
    load(&engine(), name, wasm)
        .await
        .err()
        .expect("it must not load")
        .to_string()
}

#[tokio::test]
async fn what_is_not_webassembly_is_refused_by_name() {
    let error = refusal("notes", b"just text").await;
    assert!(
        error.contains("notes.wasm: it is not WebAssembly"),
        "{error}"
    );
    assert!(
        refusal("empty", b"")
            .await
            .contains("it is not WebAssembly")
    );
}

#[tokio::test]
async fn a_core_module_is_refused_with_the_way_out() {
    let error = refusal("core", b"\0asm\x01\0\0\0").await;
    assert!(error.contains("core module, not a component"), "{error}");
}

#[tokio::test]
async fn a_half_written_component_is_refused_wherever_it_ends() {
    let engine = engine();
    let whole = guests::ECHO;
    for end in (8..whole.len()).step_by(whole.len() / 50) {
        assert!(
            load(&engine, "half", &whole[..end]).await.is_err(),
            "cut at {end} it still loads"
        );
    }
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_with_both_versions() {
    let (old, new) = (b"loom:plugin/tool@0.1.0", b"loom:plugin/tool@0.9.0");
    let wasm = guests::replaced(guests::ECHO, old, new);
    let error = refusal("future", &wasm).await;
    assert!(
        error.contains("loom:plugin/tool@0.9.0") && error.contains("loom:plugin@0.1.0"),
        "{error}"
    );
}

#[tokio::test]
async fn a_component_that_is_no_plugin_is_refused() {
    let error = refusal("other", b"\0asm\x0d\0\x01\0").await;
    assert!(
        error.contains("exports none of tool, llm, embedding and memory"),
        "{error}"
    );
}

#[tokio::test]
async fn a_schema_that_is_none_is_refused() {
    let error = refusal("liar", guests::LIAR).await;
    assert!(
        error.contains("the input schema of tool liar is not JSON"),
        "{error}"
    );
}

#[tokio::test]
async fn a_manifest_beside_the_component_is_read_and_a_broken_one_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = guests::drop_into(directory.path(), "echo", guests::ECHO);
    let source = PluginSource::File(path);
    fs::write(
        directory.path().join("echo.toml"),
        "name = \"parrot\"\nversion = \"2.0.0\"\n",
    )
    .unwrap();
    let plugin = Plugin::load(&engine(), source.clone()).await.unwrap();
    assert_eq!(
        (plugin.name().as_str(), plugin.version()),
        ("parrot", "2.0.0")
    );
    fs::write(directory.path().join("echo.toml"), "nam = \"parrot\"\n").unwrap();
    let error = Plugin::load(&engine(), source)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("its manifest beside the component cannot be read") && error.contains("nam"),
        "{error}"
    );
}

#[tokio::test]
async fn a_compiled_plugin_is_used_again_unless_others_could_have_written_it() {
    let cache = tempfile::tempdir().unwrap();
    let directory = cache.path().join("compiled");
    let new_engine = || {
        let config = EngineConfig {
            cache_directory: Some(directory.clone()),
            max_instances: 8,
            ..EngineConfig::default()
        };
        Engine::new(&config)
    };
    load(&new_engine().unwrap(), "echo", guests::ECHO)
        .await
        .unwrap()
        .prepare()
        .await
        .unwrap();
    let compiled = || {
        let files = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.extension().is_some_and(|it| it == "cwasm"))
            .collect::<Vec<_>>()
    };
    let [file] = &compiled()[..] else {
        panic!("{:?}", compiled())
    };
    assert_eq!(
        fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = fs::metadata(file).unwrap().modified().unwrap();

    load(&new_engine().unwrap(), "echo", guests::ECHO)
        .await
        .unwrap()
        .prepare()
        .await
        .unwrap();
    assert_eq!(
        fs::metadata(file).unwrap().modified().unwrap(),
        first,
        "it was compiled again"
    );

    fs::write(file, b"not machine code").unwrap();
    load(&new_engine().unwrap(), "echo", guests::ECHO)
        .await
        .unwrap()
        .prepare()
        .await
        .unwrap();
    assert_ne!(
        fs::read(file).unwrap(),
        b"not machine code",
        "a broken file is made anew"
    );

    let mtime = fs::metadata(file).unwrap().modified().unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
    load(&new_engine().unwrap(), "echo", guests::ECHO)
        .await
        .unwrap()
        .prepare()
        .await
        .unwrap();
    assert_ne!(
        fs::metadata(file).unwrap().modified().unwrap(),
        mtime,
        "a file that others could write was used"
    );

    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    let error = new_engine().err().unwrap().to_string();
    assert!(error.contains("open to other users"), "{error}");
}
