#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use std::collections::BTreeMap;

use super::*;
use crate::arguments::{Files, Input};
use crate::capture::Stream;

/// A language of three words: `set NAME VALUE`, `get NAME` and `write PATH TEXT`.
#[derive(Default)]
struct Toy {
    variables: BTreeMap<String, String>,
}

impl Engine for Toy {
    fn run(&mut self, run: Run<'_>) -> Result<Ending, Error> {
        let words: Vec<&str> = run.code.split(' ').collect();
        let mut ending = Ending::default();
        match words[..] {
            ["set", name, value] => {
                self.variables.insert(name.into(), value.into());
            }
            ["get", name] => {
                let value = self.variables.get(name).map_or("unset", String::as_str);
                run.capture.write(Stream::Out, value.as_bytes());
            }
            ["write", path, text] => {
                fs::write(run.roots.working().unwrap().join(path), text)?;
            }
            _ => ending.exit_status = 2,
        }
        Ok(ending)
    }

    fn reset(&mut self, _: &Roots) -> Result<(), Error> {
        self.variables.clear();
        Ok(())
    }

    fn save(&mut self) -> Result<(Vec<u8>, Vec<Note>), Error> {
        let notes = self.variables.keys().filter(|name| name.starts_with('_'));
        let notes = notes.map(|name| Note::new(name, "is private")).collect();
        Ok((serde_json::to_vec(&self.variables)?, notes))
    }

    fn restore(&mut self, state: &[u8], _: &Roots) -> Result<Vec<Note>, Error> {
        self.variables = serde_json::from_slice(state)?;
        Ok(Vec::new())
    }
}

struct Place {
    _directory: tempfile::TempDir,
    roots: Roots,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let path = directory.path().join(name);
        fs::create_dir(&path).unwrap();
        Some(path)
    };
    let roots = Roots {
        work: make("work"),
        temporary: make("tmp"),
        session: make("session"),
        grants: Vec::new(),
    };
    Place {
        _directory: directory,
        roots,
    }
}

fn kept(code: &str) -> Arguments {
    Arguments {
        code: code.into(),
        session: Some("s".into()),
        timeout_ms: 1000,
        ..Arguments::default()
    }
}

fn call(session: &mut Session<Toy>, place: &Place, arguments: &Arguments) -> serde_json::Value {
    let content = try_call(session, place, arguments).unwrap();
    let Content::Json(json) = &content[0] else {
        unreachable!("{content:?}")
    };
    serde_json::from_str(json).unwrap()
}

fn try_call(
    session: &mut Session<Toy>,
    place: &Place,
    arguments: &Arguments,
) -> Result<Vec<Content>, Error> {
    let settings = Settings { output_bytes: 1000 };
    let context = loom_sdk::testing::context();
    session.call(arguments, &context, &place.roots, &settings)
}

fn new() -> Session<Toy> {
    Session::new(Toy::default())
}

#[test]
fn a_suspended_session_goes_on_in_another_instance() {
    let place = place();
    let mut first = new();
    call(&mut first, &place, &kept("set x 1"));
    call(&mut first, &place, &kept("set _y 2"));
    first.suspend(&place.roots).unwrap();
    let mut second = new();
    let result = call(&mut second, &place, &kept("get x"));
    assert_eq!(result["stdout"], "1");
    assert_eq!(result["restored"], true);
    assert_eq!(result["lost"][0]["name"], "_y");
    let again = call(&mut second, &place, &kept("get x"));
    assert_eq!(again.get("restored"), None);
    assert!(!place.roots.session.as_ref().unwrap().join("state").exists());
}

#[test]
fn a_crashed_session_says_that_its_variables_are_gone() {
    let place = place();
    call(&mut new(), &place, &kept("set x 1"));
    let result = call(&mut new(), &place, &kept("get x"));
    assert_eq!(result["stdout"], "unset");
    assert_eq!(result["lost"][0]["name"], "variables");
    assert_eq!(result.get("restored"), None);
}

#[test]
fn a_damaged_state_is_told_and_not_fatal() {
    let place = place();
    call(&mut new(), &place, &kept("set x 1"));
    fs::write(place.roots.session.as_ref().unwrap().join("state"), "junk").unwrap();
    let result = call(&mut new(), &place, &kept("get x"));
    assert_eq!(result["lost"][0]["reason"], "the kept state is damaged");
}

#[test]
fn a_snapshot_brings_back_variables_and_files() {
    let place = place();
    let mut session = new();
    call(&mut session, &place, &kept("write a.txt one"));
    let keep = Arguments {
        snapshot: Some("good".into()),
        ..kept("set x 1")
    };
    call(&mut session, &place, &keep);
    call(&mut session, &place, &kept("set x 2"));
    call(&mut session, &place, &kept("write a.txt two"));
    call(&mut session, &place, &kept("write b.txt two"));
    let back = Arguments {
        reset: Some(Reset::To("good".into())),
        ..kept("get x")
    };
    let result = call(&mut session, &place, &back);
    assert_eq!(result["stdout"], "1");
    assert_eq!(result["restored"], true);
    let work = place.roots.work.as_ref().unwrap();
    assert_eq!(fs::read_to_string(work.join("a.txt")).unwrap(), "one");
    assert!(!work.join("b.txt").exists());
}

#[test]
fn a_reset_removes_variables_and_files_but_no_snapshot() {
    let place = place();
    let mut session = new();
    let keep = Arguments {
        snapshot: Some("good".into()),
        ..kept("set x 1")
    };
    call(&mut session, &place, &keep);
    call(&mut session, &place, &kept("write a.txt one"));
    let anew = Arguments {
        reset: Some(Reset::Anew(true)),
        ..kept("get x")
    };
    assert_eq!(call(&mut session, &place, &anew)["stdout"], "unset");
    assert!(!place.roots.work.as_ref().unwrap().join("a.txt").exists());
    let back = Arguments {
        reset: Some(Reset::To("good".into())),
        ..kept("get x")
    };
    assert_eq!(call(&mut session, &place, &back)["stdout"], "1");
}

#[test]
fn an_unknown_snapshot_is_an_error_that_names_the_known_ones() {
    let place = place();
    let mut session = new();
    let keep = Arguments {
        snapshot: Some("good".into()),
        ..kept("set x 1")
    };
    call(&mut session, &place, &keep);
    let back = Arguments {
        reset: Some(Reset::To("bad".into())),
        ..kept("get x")
    };
    let error = try_call(&mut session, &place, &back).unwrap_err();
    assert!(error.message.contains("there are: good"), "{error:?}");
    assert_eq!(call(&mut session, &place, &kept("get x"))["stdout"], "1");
}

#[test]
fn written_files_inputs_and_outputs_are_reported() {
    let place = place();
    let files = Files {
        inputs: BTreeMap::from([("in/a.txt".into(), Input::Text("hi".into()))]),
        outputs: vec!["in/*.txt".into(), "b.txt".into(), "none.png".into()],
    };
    let arguments = Arguments {
        files: Some(files),
        ..kept("write b.txt three")
    };
    let result = call(&mut new(), &place, &arguments);
    assert_eq!(
        result["files"],
        serde_json::json!([{"path": "b.txt", "bytes": 5}])
    );
    assert_eq!(result["outputs"][0]["path"], "in/a.txt");
    assert_eq!(result["outputs"][1]["mime"], "text/plain");
    assert_eq!(result["missing"][0]["name"], "none.png");
}

#[test]
fn without_a_session_nothing_is_written_beside_the_work() {
    let place = place();
    let arguments = Arguments {
        session: None,
        ..kept("set x 1")
    };
    call(&mut new(), &place, &arguments);
    let own = place.roots.session.as_ref().unwrap();
    assert_eq!(fs::read_dir(own).unwrap().count(), 0);
}
