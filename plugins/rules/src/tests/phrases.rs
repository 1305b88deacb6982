//! Which rule answers which question. What it answers is tested in `shipped`.

use crate::shipped::RULES;
use crate::testing::Chat;

#[track_caller]
fn check(rule: &str, questions: &[&str]) {
    let chat = Chat::new();
    let wrong: Vec<String> = questions
        .iter()
        .map(|question| (question, chat.rule_for(question)))
        .filter(|(_, found)| found != rule)
        .map(|(question, found)| format!("{question}: {found}"))
        .collect();
    assert!(wrong.is_empty(), "not {rule}: {wrong:#?}");
}

#[test]
fn every_example_is_answered_by_its_rule() {
    for shipped in RULES {
        let rule = shipped.rule();
        let examples: Vec<&str> = rule.examples.iter().map(String::as_str).collect();
        check(&rule.name, &examples);
    }
}

#[test]
fn every_rule_has_examples_or_goes_on_from_another() {
    for rule in RULES.iter().map(|shipped| shipped.rule()) {
        let has_examples = !rule.examples.is_empty() || !rule.again.is_empty();
        assert!(has_examples || rule.name == "fallback", "{}", rule.name);
    }
}

#[test]
fn rules_that_others_go_on_from_exist() {
    let names: Vec<String> = RULES.iter().map(|shipped| shipped.rule().name).collect();
    for rule in RULES.iter().map(|shipped| shipped.rule()) {
        for name in &rule.again {
            assert!(names.contains(name), "{} goes on from {name}", rule.name);
        }
    }
}

#[test]
fn talk_is_answered() {
    check(
        "hello",
        &[
            "Hi",
            "hey there",
            "Hello Loom!",
            "good evening",
            "how are you?",
        ],
    );
    check(
        "thanks",
        &["Thank you!", "thanks a lot", "great", "Nice work!"],
    );
    check("goodbye", &["bye", "good night"]);
    check(
        "help",
        &[
            "Help!",
            "What can you do?",
            "what can I ask?",
            "how do I use this?",
            "show me some examples",
        ],
    );
    check(
        "who",
        &[
            "who are you",
            "What is Loom?",
            "which model is this?",
            "are you ChatGPT?",
        ],
    );
    check(
        "real-model",
        &[
            "how can I use Claude?",
            "use a local model",
            "switch to another model",
            "how do I connect ollama",
        ],
    );
    check(
        "tools",
        &["which tools can you use?", "list all the available tools"],
    );
}

#[test]
fn code_runs_as_it_was_typed() {
    check(
        "run-python",
        &[
            "run python: print('a')",
            "run this python code: x = 1\nprint(x)",
            "eval py 1 + 1.",
        ],
    );
    check("run-javascript", &["execute js: [1, 2].map(x => x * 2)"]);
    check("run-bash", &["run bash: ls | wc -l"]);
    check("search-web", &["search the web for wasm components"]);
}

#[test]
fn sums_are_calculated() {
    check(
        "calculate",
        &[
            "17*23",
            "What is 2 + 2?",
            "what's 3.5 * (2 - 1)",
            "calculate 10 / 4",
            "2**10",
            "-5 + 3",
            "how much is 20% of 150?",
            "15 percent of 200",
            "what is three times four",
            "compute sin(pi/2)",
            "pi * 2",
            "2 to the 10th power",
            "what is 5 squared?",
            "2 + 2 =",
            "max(1, 2)",
            "double 21",
            "a third of 99",
            "7 modulo 3",
            "1e3 + 1",
            "what does 3 + 4 make?",
            "a quarter of 100",
            "1,000 * 3",
            "0xff + 1",
            "5! / 3!",
        ],
    );
    check(
        "sum-of-range",
        &[
            "sum the numbers from 1 to 50",
            "add all integers from 5 to 10",
            "what is the sum of 1 through 9",
        ],
    );
    check(
        "statistics",
        &[
            "mean of 1 2 3",
            "what is the median of 5, 1 and 9?",
            "minimum of 4, 2",
            "gcd of 12 and 18",
        ],
    );
    check(
        "function",
        &[
            "square root of 9",
            "what's the 5th root of 32?",
            "factorial of 5",
            "the cosine of pi",
        ],
    );
}

#[test]
fn what_only_looks_like_a_sum_is_not_calculated() {
    check(
        "fallback",
        &[
            "what is love?",
            "what is 5 apples?",
            "3 little pigs",
            "calculate my taxes",
            "what is e-mail",
        ],
    );
}

#[test]
fn time_is_told() {
    check(
        "time",
        &[
            "What time is it?",
            "what's the time",
            "today's date",
            "what day is it today?",
            "which week is it",
            "now",
        ],
    );
    check(
        "time-in",
        &[
            "what time is it in New York?",
            "time in Berlin",
            "what's the time in Hong Kong now?",
            "current date in UTC",
        ],
    );
    check(
        "days-between",
        &[
            "how many days are left until 2027-01-01?",
            "how many weeks since 2020-02-29",
            "how many days between 2025-01-01 and 2025-02-01",
        ],
    );
}

#[test]
fn files_are_counted() {
    check(
        "count-files",
        &[
            "how many files?",
            "How many files are there?",
            "how many Rust files do we have in src?",
            "count files in src",
            "how many .py files are in tools",
            "number of markdown files",
            "how many Rust and Python files are here?",
            "how many files are in the src folder",
            "how many test files does this repo contain",
            "How many TypeScript source files exist?",
            "how many *.toml files",
            "how many files does src contain?",
            "please count all files in this project",
            "what is the total number of files?",
            "how many Rust source files are in the src directory?",
            "So, how many Go files have you?",
            "how many files do I have here?",
        ],
    );
    check(
        "count-folders",
        &[
            "how many directories are there?",
            "how many folders are in src",
            "count the subfolders",
        ],
    );
    check(
        "count-lines",
        &[
            "how many lines does README.md have",
            "how many lines are in the file src/lib.rs?",
            "count lines in notes.txt",
            "how many lines of code are in src/main.rs",
            "line count of Cargo.toml",
            "how long is notes.txt?",
            "how many lines has README.md got",
            "number of lines in notes.txt",
        ],
    );
    check(
        "count-lines-of-kind",
        &[
            "how many lines of code are here?",
            "how many lines of Python do we have",
            "count the lines in all Rust files",
            "how many lines are there?",
            "how much Rust code is in src?",
            "how many lines of TOML does this project have",
            "how many lines are there in the Rust files in src",
            "how big is this project?",
        ],
    );
    check(
        "count-words",
        &[
            "how many words does README.md have?",
            "count the words in notes.txt",
            "how many characters are in notes.txt",
        ],
    );
    check(
        "file-size",
        &[
            "how large is Cargo.toml?",
            "size of README.md",
            "how many bytes does notes.txt have",
        ],
    );
}

#[test]
fn files_are_listed_and_found() {
    check(
        "list",
        &[
            "ls",
            "ls src",
            "list the files",
            "show me all files",
            "what files are in src?",
            "what's in the src folder?",
            "what is here?",
            "which files do we have here",
            "list directories",
            "show the contents of src",
            "list the contents of src",
            "what does src contain?",
            "what is in here?",
            "show me everything in src",
            "list everything",
            "what files are there?",
            "which files exist?",
            "give me a list of all files in src/",
            "look around",
            "list src",
            "what's in .",
            "which folders are there?",
            "show all hidden files",
            "ls -la src",
        ],
    );
    check(
        "list-everything",
        &[
            "list all files recursively",
            "show me all files in every folder",
        ],
    );
    check(
        "tree",
        &[
            "tree",
            "show the project structure",
            "what is the structure of this project?",
            "how is this repo organised?",
        ],
    );
    check(
        "find-files-of-kind",
        &[
            "find all Python files",
            "list the markdown files in docs",
            "show me the Rust files",
            "which toml files are here?",
            "are there any Go files?",
            "is there a python file in tools?",
            "what JavaScript files do we have",
            "get me a list of all Rust files in src",
            "find test files",
            "do we have yaml files?",
            "what are the Rust files",
        ],
    );
    check(
        "find-named",
        &[
            "where is main.rs?",
            "find Cargo.toml",
            "locate README.md",
            "find files called lib.rs in src",
            "find files matching *.rs",
            "files ending with .py",
            "list files with the extension toml",
            "is there a LICENSE?",
            "do we have a Makefile",
            "find files that start with ma",
            "where can I find notes.txt?",
            "find all files with lib in the name",
            "how many files end with .rs?",
        ],
    );
    check(
        "largest",
        &[
            "what's the largest file?",
            "which file is the biggest?",
            "show me the 3 largest files in src",
            "find the smallest Rust file",
            "top 5 biggest files",
            "largest files",
            "what are the ten largest Python files here?",
        ],
    );
}

#[test]
fn text_is_searched() {
    check(
        "search",
        &[
            "search for answer",
            "grep answer",
            "grep -rn 'fn main' src",
            "look for println in src",
            "find \"demo::\" in all Rust files",
            "search src for TODOs",
            "search the Rust files for main",
            "where is answer used?",
            "who calls answer?",
            "where do we use println",
            "find all uses of answer in src",
            "is answer used anywhere?",
            "find lines with struct",
            "show me all lines containing println",
            "search everywhere for x1",
            "what uses demo?",
            "find answer in src/lib.rs",
            "search for the word main in src",
            "list all references to answer",
        ],
    );
    check(
        "files-with",
        &[
            "which files mention answer?",
            "which files contain \"fn main\"",
            "what files use println in src",
            "list the files that import demo",
            "find files containing the word struct",
            "which Rust files here use main?",
        ],
    );
    check(
        "definition",
        &[
            "where is answer defined?",
            "where's the function main declared",
            "find the definition of Maß",
            "where do we define answer?",
            "go to the definition of main",
            "what defines answer",
            "find the struct Maß",
            "where is main() defined in src?",
            "which file defines answer?",
            "where is the implementation of answer?",
        ],
    );
    check(
        "occurrences",
        &[
            "how often does main occur?",
            "how many times is answer called in src",
            "count occurrences of fn",
            "number of uses of answer",
            "how often is TODO used in src/lib.rs?",
            "how many lines contain fn",
            "count the lines with fn in src",
        ],
    );
    check(
        "todos",
        &[
            "todos",
            "show me all TODOs",
            "are there any FIXMEs in src?",
            "how many todos are left?",
            "find todo comments",
            "what is left to do?",
        ],
    );
}

#[test]
fn files_are_read() {
    check(
        "read",
        &[
            "read README.md",
            "cat notes.txt",
            "show README.md",
            "open src/lib.rs",
            "print the file notes.txt",
            "show me the contents of Cargo.toml",
            "what's in Cargo.toml?",
            "what is in the file notes.txt",
            "what does notes.txt say?",
            "display \"my file.txt\"",
            "view the README",
            "read the whole notes.txt",
            "give me src/main.rs",
            "README.md",
            "let me see notes.txt",
            "read LICENSE",
            "look at src/lib.rs",
            "show me the file notes.txt please",
        ],
    );
    check(
        "read-several",
        &[
            "read Cargo.toml and README.md",
            "show me src/lib.rs, src/main.rs and notes.txt",
            "read a.txt and b.txt",
        ],
    );
    check(
        "first-lines",
        &[
            "show the first 10 lines of README.md",
            "head -n 3 notes.txt",
            "first line of notes.txt",
            "print the top three lines of notes.txt",
            "show me the beginning of README.md",
        ],
    );
    check(
        "last-lines",
        &[
            "show me the last 2 lines of notes.txt",
            "tail -5 notes.txt",
            "the last lines of notes.txt",
            "end of README.md",
        ],
    );
    check(
        "lines",
        &[
            "lines 2 to 3 of notes.txt",
            "show me line 3 of notes.txt",
            "notes.txt lines 1-2",
            "print lines 1-3 from README.md",
        ],
    );
    check(
        "summarise",
        &[
            "summarize README.md",
            "give me a short summary of README.md",
            "what is src/lib.rs about?",
            "explain src/main.rs",
            "describe Cargo.toml",
            "what does src/main.rs do?",
            "tell me about src/lib.rs",
            "list the functions in src/lib.rs",
            "outline README.md",
        ],
    );
    check(
        "project",
        &[
            "what is this project about?",
            "describe this repo",
            "summarize the codebase",
            "what does this project do?",
            "tell me about this project",
            "explain this repository",
            "give me an overview of this project",
            "what am I looking at?",
        ],
    );
    check(
        "language",
        &[
            "which language is this project written in?",
            "what programming languages are used here?",
        ],
    );
}

#[test]
fn files_are_written() {
    check(
        "write",
        &[
            "write hello.txt with Hello!",
            "create a file called a.txt with the content b",
            "create notes.md containing: # Notes",
            "make a new file x.py that contains print(1)",
            "overwrite notes.txt with nothing special",
            "write a.txt with content:\nfirst\nsecond",
        ],
    );
    check(
        "write-into",
        &[
            "write 'hello' to a.txt",
            "save the text done into out.txt",
            "put 42 in answer.txt",
        ],
    );
    check(
        "create-empty",
        &[
            "create an empty file a.txt",
            "touch b.txt",
            "create the file c.txt",
        ],
    );
    check(
        "append",
        &[
            "append done to notes.txt",
            "add the line five to notes.txt",
            "add 'x y' to the end of notes.txt",
        ],
    );
    check(
        "replace",
        &[
            "replace one with 1 in notes.txt",
            "change \"two\" to \"2\" in notes.txt",
            "rename answer to reply in src/lib.rs",
            "replace all occurrences of a by b in notes.txt",
        ],
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    check(
        "no-deleting",
        &[
            "delete notes.txt",
            "remove the file notes.txt",
            "rm notes.txt",
        ],
    );
    check(
        "no-commands",
        &[
            "run the tests",
            "execute ls",
            "git status",
            "cargo test --workspace",
            "build it",
        ],
    );
    check(
        "fetch",
        &[
            "get https://example.com/a?b=c",
            "what does http://localhost:1234 return?",
            "open the page https://example.com",
        ],
    );
}

#[test]
fn anything_else_is_left_to_a_real_model() {
    check(
        "fallback",
        &[
            "",
            "?",
            "write me a poem",
            "what is the meaning of life?",
            "translate hello to French",
            "日本語",
            "😀",
            "show me the money",
            "where is it used?",
        ],
    );
}
