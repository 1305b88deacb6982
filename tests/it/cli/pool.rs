//! `loom run` with a pool, with prices and budgets, and `loom model` on its members.

use loom_tests::cli::{Home, Loom, Ran};
use loom_tests::faults::{Answer, Asked, Fault, FaultServer, RetryAfter};
use serde_json::{Value, json};

use crate::home;

/// What the models say. Half of it is more than a word.
const ANSWER: &str = "all is well and the tea is ready";

/// A second's silence is a fault.
const TIMEOUT_MS: u32 = 20_000;

/// The command is waited for, but not by the servers.
async fn ran(command: Loom) -> Ran {
    tokio::task::spawn_blocking(|| command.run()).await.unwrap()
}

/// A home whose pool is these servers, the first before the second and so on.
fn pool(servers: &[(&str, &FaultServer)]) -> Home {
    let members = (1..).zip(servers).map(|(priority, (name, _))| {
        format!("[[pool]]\nmodel = \"{name}/m\"\npriority = {priority}\n")
    });
    let providers = servers
        .iter()
        .map(|(name, server)| server.provider(name, "openai", TIMEOUT_MS));
    let home = home();
    home.configure(&members.chain(providers).collect::<String>());
    home
}

async fn right() -> FaultServer {
    FaultServer::start(|_| None, |_| Answer::text(ANSWER)).await
}

fn routed<'a>(events: &'a [Value], decision: &str) -> Vec<&'a Value> {
    let events = events.iter();
    events
        .filter(|event| event["decision"] == decision)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_model_answers_in_place_of_one_that_is_down_and_the_person_is_told() {
    let down = FaultServer::always(Fault::Unavailable, "").await;
    let second = right().await;
    let home = pool(&[("first", &down), ("second", &second)]);
    let said = ran(home.with(["run", "go"])).await.code(0);
    assert_eq!(said.stdout, format!("{ANSWER}\n"));
    said.complains("↻ first/m: openai ")
        .complains("the server starts")
        .complains("; asking second/m instead");

    let events = ran(home.with(["run", "--json", "go"]))
        .await
        .code(0)
        .events();
    let over = routed(&events, "failed_over");
    assert_eq!(over.len(), 1, "{events:?}");
    assert_eq!(
        (&over[0]["from"], &over[0]["to"]),
        (&json!("first/m"), &json!("second/m"))
    );
    assert_eq!(over[0]["error"]["category"], "service");
    assert_eq!(over[0]["error"]["retry_after_ms"], 1000);
    assert_eq!(routed(&events, "chosen").len(), 2);
    assert_eq!(routed(&events, "cooled")[0]["time_ms"], 1000);
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["text"]),
        (&json!("run.completed"), &json!(ANSWER))
    );
    let [first, second] = last["pool"].as_array().unwrap().as_slice() else {
        panic!("{last}");
    };
    assert_eq!(
        (&first["status"], &first["consecutive_failures"]),
        (&json!("unhealthy"), &json!(1))
    );
    assert_eq!(
        (&second["member"], &second["status"]),
        (&json!("second/m"), &json!("healthy"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_of_a_model_that_broke_off_is_not_on_stdout() {
    let breaks_off = FaultServer::always(Fault::ResetInStream, ANSWER).await;
    let second = right().await;
    let home = pool(&[("first", &breaks_off), ("second", &second)]);
    let said = ran(home.with(["run", "go"])).await.code(0);
    assert_eq!(said.stdout, format!("{ANSWER}\n"));
    said.complains("cut off")
        .complains("; asking second/m instead");

    let events = ran(home.with(["run", "--json", "go"]))
        .await
        .code(0)
        .events();
    let ended = events
        .iter()
        .filter(|event| event["type"] == "item.completed");
    let ended: Vec<_> = ended.map(|event| &event["item"]).collect();
    let (whole, void) = ended.split_last().unwrap();
    assert_eq!(
        (&whole["status"], &whole["text"]),
        (&json!("completed"), &json!(ANSWER))
    );
    assert!(!void.is_empty(), "the half answers are seen");
    for item in void {
        assert_eq!(item["status"], "failed");
        let text = item["text"].as_str().unwrap();
        assert!(
            text.len() < ANSWER.len() && ANSWER.starts_with(text),
            "{text}"
        );
    }
    assert_eq!(void.len(), routed(&events, "retried").len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_model_answers_the_error_names_each_attempt() {
    let locked = FaultServer::always(Fault::Unauthenticated, "").await;
    let limited = FaultServer::always(Fault::RateLimit(Some(RetryAfter::Seconds(90))), "").await;
    let home = pool(&[("first", &locked), ("second", &limited)]);
    let said = ran(home.with(["run", "go"])).await.code(1);
    assert_eq!(said.stdout, "");
    said.complains("error: pool: no model answered in 2 attempts: first/m: ")
        .complains("invalid key")
        .complains("; second/m: ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_of_the_only_model_says_what_to_do() {
    let locked = FaultServer::always(Fault::Unauthenticated, "").await;
    let home = pool(&[("only", &locked)]);
    let said = ran(home.with(["run", "go"])).await.code(1);
    said.complains("(authentication)")
        .complains("hint: set or renew the API key");
    assert_eq!(locked.asked().len(), 1);
}

/// Looks into a file over and over.
fn looks(_asked: &Asked) -> Answer {
    Answer::call("read_file", json!({ "path": "README.md" }))
}

/// A server that wants to go on for ever. Its answers have ten tokens of input and five of output.
async fn tireless() -> FaultServer {
    FaultServer::start(|_| None, looks).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_in_money_ends_the_run_with_what_it_cost() {
    let server = tireless().await;
    let home = pool(&[("only", &server)]);
    // A cent for each answer.
    let price = r#"prices={ "only/*" = { input = 500.0, output = 1000.0 } }"#;
    let run = |more: &[&str]| {
        ran(home
            .with(["run", "-c", price, "--max-budget-usd", "0.035"])
            .args(more)
            .arg("go"))
    };
    let said = run(&[]).await.code(3);
    said.complains("stopped: the budget of $0.0350 ended the run after ")
        .complains("hint: allow more with --max-budget-usd or budget.usd")
        .complains("loom run --resume=");
    let last = run(&["--json"]).await.code(3).events().pop().unwrap();
    assert_eq!(last["type"], "run.limit_reached");
    assert_eq!(
        last["limit"],
        json!({ "kind": "cost_nano_usd", "value": 35_000_000 })
    );
    let cost = last["cost_usd"].as_f64().unwrap();
    assert!((0.01..=0.045).contains(&cost), "{last}");
    assert_eq!(last["pool"][0]["status"], "healthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_in_money_for_a_model_without_a_price_is_told_and_a_limit_of_tokens_rules() {
    let server = right().await;
    let home = pool(&[("only", &server)]);
    let run = home.with(["run", "--max-budget-usd", "1", "go"]);
    let said = ran(run).await.code(0);
    said.complains("warning: the price of only/m is not known")
        .complains("limit the tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_held_down_to_what_is_left_of_the_tokens() {
    let server = tireless().await;
    let home = pool(&[("only", &server)]);
    let run = |tokens: u64| {
        let run = home
            .with(["run", "--json", "--max-tokens"])
            .arg(tokens.to_string());
        ran(run.arg("go"))
    };
    let allowed = |asked: &Asked| {
        let most = &asked.body["max_completion_tokens"];
        let most = most.as_u64().or(asked.body["max_tokens"].as_u64());
        most.unwrap()
    };
    let ran = run(10).await.code(3);
    let events = ran.events();
    let warning = events.iter().find(|event| event["type"] == "warning");
    let warning = warning.unwrap()["message"].as_str().unwrap();
    let question = warning.strip_prefix("the next question has about ");
    let question = question.unwrap().split(' ').next().unwrap();
    let last = events.last().unwrap();
    assert_eq!(last["limit"], json!({ "kind": "tokens", "value": 10 }));
    assert!(
        server.asked().is_empty(),
        "there is no room for the question"
    );

    let budget = question.parse::<u64>().unwrap() + 400;
    run(budget).await.code(3);
    // Later questions are as small as the server says that the first one was.
    let first = allowed(&server.asked()[0]);
    assert!((300..=400).contains(&first), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_again_and_again_ends_the_run_where_the_configuration_says() {
    let looks = |_: &Asked| Answer::call("read_file", json!({ "path": "nowhere.md" }));
    let server = FaultServer::start(|_| None, looks).await;
    let home = pool(&[("only", &server)]);
    let run = ["run", "-c", "limits.repeated_failures=2", "go"];
    let said = ran(home.with(run)).await.code(3);
    said.complains("stopped: the same call failed 2 times in a row");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_members_is_listed_after_asking_each() {
    let (down, second) = (
        FaultServer::always(Fault::Unavailable, "").await,
        right().await,
    );
    let home = pool(&[("first", &down), ("second", &second)]);
    let list = |more: &[&str]| ran(home.with(["model", "list", "--health"]).args(more));
    let said = list(&[]).await.code(0);
    let rows: Vec<_> = said.stdout.lines().collect();
    assert!(
        rows[0].starts_with("MEMBER") && rows[0].contains("BREAKER"),
        "{rows:?}"
    );
    let words = |row: &str| {
        row.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(rows[1])[..4], ["first/m", "unhealthy", "0", "%"]);
    assert_eq!(words(rows[2])[..4], ["second/m", "healthy", "100", "%"]);
    said.complains("warning: first/m did not answer: ")
        .complains("the server starts");

    let members = list(&["--json"]).await.code(0).json();
    assert_eq!(members[0]["error"]["category"], "service");
    assert_eq!(members[0]["breaker"], "closed");
    assert!(
        members[0]["cooldown_left_ms"].as_u64().unwrap() <= 1000,
        "{members}"
    );
    assert!(members[1]["mean_latency_ms"].is_u64(), "{members}");
    assert_eq!(members[1]["consecutive_failures"], 0);
    assert_eq!(members[1]["error"], Value::Null);

    let home = pool(&[("first", &down)]);
    let said = ran(home.with(["model", "list", "--health"])).await.code(1);
    said.complains("error: no model answers")
        .complains("hint: `loom doctor`");
    let said = ran(home.with(["model", "list", "--health", "first"])).await;
    said.code(2).complains("cannot be used with");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_member_of_the_pool_is_checked_unless_one_is_named() {
    let answers = |asked: &Asked| match asked.body["tools"].is_array() {
        true => Answer::call("echo", json!({ "text": "ok" })),
        false => Answer::text("ok"),
    };
    let good = FaultServer::start(|_| None, answers).await;
    let locked = FaultServer::always(Fault::Unauthenticated, "").await;
    let home = pool(&[("good", &good), ("locked", &locked)]);
    let check = |more: &[&str]| ran(home.with(["model", "check"]).args(more));
    let said = check(&[]).await.code(1);
    said.says("good/m\n✓ answers: ok\n")
        .says("✓ calls tools\n\nlocked/m\n✗ does not answer\n")
        .complains("warning: locked/m: ")
        .complains("set or renew the API key")
        .complains("error: 1 of 2 models do not answer");
    let members = check(&["--json"]).await.code(1).json();
    assert_eq!(members[0]["tools"]["tool_calls"], 1);
    assert_eq!(members[1]["text"]["error"]["kind"], "unauthenticated");
    let one = check(&["-m", "good/m", "--json"]).await.code(0).json();
    assert_eq!(one["model"], "good/m");
    let said = check(&["-m", "locked/m"]).await.code(1);
    said.complains("hint: set or renew the API key");
}
