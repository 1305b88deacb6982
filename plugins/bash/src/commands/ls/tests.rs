use super::*;

fn options(arguments: &str) -> Result<Options, String> {
    let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    Options::parse(&arguments)
}

#[test]
fn options_are_read_in_groups_and_by_their_names() {
    let expect = Options {
        long: true,
        human: true,
        reverse: true,
        hidden: Hidden::All,
        order: Order::Time,
        operands: vec!["d".into()],
        ..Options::default()
    };
    assert_eq!(options("-lahtr d"), Ok(expect));
    let expect = Options {
        order: Order::Size,
        operands: vec!["-x".into()],
        ..Options::default()
    };
    assert_eq!(options("--sort=size --color=auto -- -x"), Ok(expect));
}

#[test]
fn options_that_are_not_there_are_named() {
    let message = "ls: option -- 'Z' is not there in this ls\n";
    assert_eq!(options("-lZ"), Err(message.into()));
    let message = "ls: option '--hyperlink' is not there in this ls\n";
    assert_eq!(options("--hyperlink"), Err(message.into()));
}
