//! From files to agents, and what is said of the files that are none.

#![expect(clippy::unwrap_used, reason = "a test may stop here")]

use super::*;

/// A project that is not trusted, one that is Claude Code's, and a user.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn discover(&self) -> Discovered {
        let directory = |name: &str, trusted| AgentDirectory {
            path: self.path(name),
            trusted,
        };
        discover(&AgentsConfig {
            directories: vec![
                directory("project", false),
                directory(".claude/agents", true),
                directory("user", true),
            ],
            ..AgentsConfig::default()
        })
    }

    fn agent(&self, name: &str) -> AgentDefinition {
        let discovered = self.discover();
        let problems = &discovered.problems;
        let agent = discovered.get(name).cloned();
        agent.unwrap_or_else(|| panic!("{problems:?}"))
    }

    /// The problems, with the temporary directory left out.
    fn problems(&self) -> String {
        let root = self.0.path().to_str().unwrap();
        let line = |problem: &AgentProblem| {
            let mark = if problem.usable { "note" } else { "skipped" };
            let source = problem.source.display().to_string();
            format!("{mark} {}: {}", source, problem.reason).replace(&format!("{root}/"), "")
        };
        let problems = self.discover().problems;
        problems.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The problems of one file.
fn problems_of(content: impl AsRef<[u8]>) -> String {
    Fixture::new().write("user/x.md", content).problems()
}

const REVIEWER: &str = "---
name: reviewer
description: Reads a change and says what is wrong with it.
tools: [read_file, grep, \"git_*\"]
model: openai/gpt-5-mini
max_turns: 20
timeout: 2m
max_tokens: 50_000
max_budget_usd: 0.25
---

You review changes.

---
Be brief.
";

#[test]
fn a_definition_says_all_of_an_agent() {
    let fixture = Fixture::new().write("user/reviewer.md", REVIEWER);
    let expected = AgentDefinition {
        name: "reviewer".to_owned(),
        description: "Reads a change and says what is wrong with it.".to_owned(),
        instructions: Some("You review changes.\n\n---\nBe brief.".to_owned()),
        tools: Some(["read_file", "grep", "git_*"].map(str::to_owned).to_vec()),
        model: Some("openai/gpt-5-mini".to_owned()),
        turns: Some(20),
        timeout: Some(Duration::from_secs(120)),
        tokens: Some(50_000),
        usd: Usd::from_dollars(0.25),
        source: Some(fixture.path("user/reviewer.md")),
        trusted: true,
    };
    assert_eq!(fixture.agent("reviewer"), expected);
    assert_eq!(fixture.problems(), "");
}

#[test]
fn general_is_always_there_and_may_be_defined_anew() {
    let names = |fixture: &Fixture| {
        let agents = fixture.discover().agents;
        agents.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    let fixture = Fixture::new();
    assert_eq!(names(&fixture), ["general"]);
    assert_eq!(fixture.agent("general").tools, None);
    let fixture = fixture.write("user/general.md", "---\ndescription: x\n---\nMine.");
    assert_eq!(names(&fixture), ["general"]);
    let general = fixture.agent("general");
    assert_eq!(general.instructions.as_deref(), Some("Mine."));
}

#[test]
fn the_first_directory_wins_and_the_person_is_told() {
    let define = |text: &str| format!("---\nname: a\ndescription: {text}\n---\nx");
    let fixture = Fixture::new()
        .write("user/a.md", define("user"))
        .write(".claude/agents/b.md", define("claude"));
    assert_eq!(fixture.agent("a").description, "claude");
    insta::assert_snapshot!(fixture.problems(), @"skipped user/a.md: there is an agent `a` in .claude/agents/b.md already");
}

#[test]
fn what_is_not_trusted_never_stands_before_what_is() {
    let fixture = Fixture::new()
        .write("project/a.md", "---\ndescription: project\n---\nx")
        .write("project/b.md", "---\ndescription: project\n---\nx")
        .write("project/general.md", "---\ndescription: project\n---\nx")
        .write("user/a.md", "---\ndescription: user\n---\nx");
    assert_eq!(fixture.agent("a").description, "user");
    assert!(fixture.agent("a").trusted);
    assert!(!fixture.agent("b").trusted);
    assert_eq!(fixture.agent("general").source, None);
    insta::assert_snapshot!(fixture.problems(), @r"
    skipped project/a.md: there is an agent `a` in user/a.md already
    skipped project/general.md: there is an agent `general` in Loom itself already
    ");
}

#[test]
fn files_of_claude_code_are_understood() {
    let fixture = Fixture::new().write(
        ".claude/agents/reviewer.md",
        "---\r
name: code-reviewer\r
description: Use this agent when: a change is ready. It's careful. <example>user: \"x\"</example>\r
tools: Read, Grep, Glob, Bash(git diff:*, git log:*), WebFetch, NotebookEdit, mcp__github__issues\r
model: sonnet\r
color: red\r
permissionMode: plan\r
maxTurns: 9\r
---\r
You review.\r
\r
Well.\r
",
    );
    let agent = fixture.agent("code-reviewer");
    assert!(agent.description.starts_with("Use this agent when: a"));
    assert!(
        agent
            .description
            .ends_with("It's careful. <example>user: \"x\"</example>")
    );
    let tools = [
        "read_file",
        "grep",
        "glob",
        "http_request",
        "mcp__github__issues",
    ];
    assert_eq!(agent.tools.unwrap(), tools);
    assert_eq!(agent.model, None);
    assert_eq!(agent.turns, Some(9));
    assert_eq!(agent.instructions.as_deref(), Some("You review.\n\nWell."));
    insta::assert_snapshot!(fixture.problems(), @r"
    note .claude/agents/reviewer.md: the tool `Bash(git diff:*, git log:*)` is left out: a definition names whole tools, and [permissions] has rules for their arguments
    note .claude/agents/reviewer.md: the tool `NotebookEdit` is left out: Loom has none of this kind
    note .claude/agents/reviewer.md: the model `sonnet` is left to the agent above it; write PROVIDER/MODEL
    note .claude/agents/reviewer.md: the key `permissionMode` is ignored; Loom does not know it
    ");
}

#[test]
fn yaml_is_read_as_yaml() {
    let fixture = Fixture::new().write(
        "user/x.md",
        "\u{feff}---
# who
\"name\": 'quoted'
description: >
  Two
  lines # not a comment
tools:
  - read_file # a comment
  - 'grep'
model: inherit
nested: { a: [1, { b: 2 }] }
---
Body
",
    );
    let agent = fixture.agent("quoted");
    assert_eq!(agent.description, "Two lines # not a comment");
    assert_eq!(agent.tools.unwrap(), ["read_file", "grep"]);
    assert_eq!(agent.model, None);
    insta::assert_snapshot!(fixture.problems(), @"note user/x.md: the key `nested` is ignored; Loom does not know it");
}

#[test]
fn without_tools_all_are_meant_and_with_an_empty_list_none() {
    let tools = |line: &str| {
        let text = format!("---\ndescription: x\n{line}---\nx");
        let fixture = Fixture::new().write("user/x.md", text);
        fixture.agent("x").tools
    };
    assert_eq!(tools(""), None);
    assert_eq!(tools("tools: []\n"), Some(Vec::new()));
    assert_eq!(tools("tools: '*'\n"), Some(vec!["*".to_owned()]));
    assert_eq!(tools("tools: Bash\n"), Some(Vec::new()));
    assert_eq!(tools("tools: Edit, MultiEdit\n").unwrap(), ["edit_file"]);
}

#[test]
fn a_bad_file_is_skipped_with_its_reason_and_the_others_stay() {
    let bomb = "a: &a [x]\nb: &b [*a, *a]\ntools: [*b, *b]\n";
    let fixture = Fixture::new()
        .write("user/good.md", "---\ndescription: x\n---\nx")
        .write("user/notes.txt", "no agent")
        .write("user/a-none.md", "Just text")
        .write("user/b-open.md", "---\ndescription: x\n")
        .write("user/c-syntax.md", "---\ndescription: [x\n---\nx")
        .write("user/d-empty.md", "---\n---\nx")
        .write("user/e-body.md", "---\ndescription: x\n---\n \n")
        .write("user/F Name.md", "---\ndescription: x\n---\nx")
        .write("user/g-type.md", "---\ndescription: [x]\n---\nx")
        .write(
            "user/h-count.md",
            "---\ndescription: x\nmax_turns: 0\n---\nx",
        )
        .write("user/i-time.md", "---\ndescription: x\ntimeout: 60\n---\nx")
        .write(
            "user/j-usd.md",
            "---\ndescription: x\nmax_budget_usd: .inf\n---\nx",
        )
        .write("user/k-twice.md", "---\nname: a\nname: b\n---\nx")
        .write("user/l-list.md", "---\n- a\n---\nx")
        .write("user/m-tools.md", "---\ndescription: x\ntools:\n---\nx")
        .write("user/n-bomb.md", format!("---\n{bomb}---\nx"))
        .write(
            "user/o-table.md",
            "---\ndescription: x\nmodel: { a: b }\n---\nx",
        )
        .write("user/p-latin.md", b"---\ndescription: \xe9\n---\nx")
        .write("user/q-huge.md", vec![b'x'; (256 << 10) + 1])
        .write("user/r-nothing.md", "")
        .write(
            "user/s-turns.md",
            "---\ndescription: x\nmax_turns: 5000000000\n---\nx",
        );
    assert_eq!(fixture.discover().agents.len(), 2);
    insta::assert_snapshot!(fixture.problems(), @r"
    skipped user/F Name.md: the name `F Name` can't be used; write lower-case letters, digits, `-` and `_`, at most 64
    skipped user/a-none.md: it has no frontmatter; begin it with a line ---, keys such as `description: …`, and another line ---
    skipped user/b-open.md: its frontmatter has no end; close it with a line ---
    skipped user/c-syntax.md: line 3: not valid YAML: while parsing a flow sequence, expected ',' or ']'
    skipped user/d-empty.md: the key `description` is missing; say when to use the agent
    skipped user/e-body.md: there are no instructions below the frontmatter
    skipped user/g-type.md: line 2: `description`: expected a text, found a list
    skipped user/h-count.md: line 3: `max_turns`: expected an integer of at least 1, found `0`
    skipped user/i-time.md: line 3: `timeout`: `60` has no unit; write 60s for seconds
    skipped user/j-usd.md: line 3: `max_budget_usd`: expected an amount of more than zero, found `.inf`
    skipped user/k-twice.md: line 3: the key `name` is there twice
    skipped user/l-list.md: line 2: expected keys such as `description: …`
    skipped user/m-tools.md: line 3: `tools` is empty; leave the key out for all tools, or write [] for none
    skipped user/n-bomb.md: line 4: `tools`: expected a list of names, found a list with aliases in it
    skipped user/o-table.md: line 3: `model`: expected a text, found a table
    skipped user/p-latin.md: it is not UTF-8 text
    skipped user/q-huge.md: it is larger than 256KiB; instructions are shorter
    skipped user/r-nothing.md: it has no frontmatter; begin it with a line ---, keys such as `description: …`, and another line ---
    skipped user/s-turns.md: line 3: `max_turns`: expected an integer of at least 1, found `5000000000`
    ");
}

#[test]
fn a_slip_in_a_key_is_told_and_the_agent_stays() {
    let problems = problems_of("---\ndescription: x\ntool: [a]\nwhatever: 1\n---\nx");
    insta::assert_snapshot!(problems, @r"
    note user/x.md: the key `tool` is ignored; did you mean `tools`?
    note user/x.md: the key `whatever` is ignored; Loom does not know it
    ");
}

#[cfg(target_os = "linux")]
#[test]
fn links_that_lead_nowhere_and_pipes_hold_nothing_up() {
    let fixture = Fixture::new().write("user/good.md", "---\ndescription: x\n---\nx");
    let user = fixture.path("user");
    let link = std::os::unix::fs::symlink::<&Path, PathBuf>;
    link(Path::new("loop.md"), user.join("loop.md")).unwrap();
    link(Path::new("missing"), user.join("broken.md")).unwrap();
    link(&user, user.join("directory.md")).unwrap();
    link(Path::new("good.md"), user.join("linked.md")).unwrap();
    link(Path::new("/dev/null"), user.join("device.md")).unwrap();
    let names: Vec<_> = fixture.discover().agents;
    let names: Vec<_> = names.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["general", "good", "linked"]);
    insta::assert_snapshot!(fixture.problems(), @r"
    skipped user/broken.md: it can't be read: No such file or directory (os error 2)
    skipped user/device.md: it is not a regular file
    skipped user/loop.md: it can't be read: Too many levels of symbolic links (os error 40)
    ");
}

#[test]
fn a_file_in_the_place_of_a_directory_is_told() {
    let fixture = Fixture::new().write("user", "x");
    let problems = fixture.problems();
    assert!(problems.contains("it can't be listed"), "{problems}");
}

#[test]
fn depth_does_no_harm() {
    let deep = "[".repeat(50_000);
    let problems = problems_of(format!("---\ndescription: x\nx: {deep}\n---\nx"));
    assert!(problems.contains("not valid YAML"), "{problems}");
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let _ = problems_of(format!("---\ndescription: x\nx: {deep}\n---\nx"));
}
