use super::*;

fn check(arguments: &str, expect: &str) {
    let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    let written = match Range::parse(&arguments) {
        Ok(range) => {
            let numbers = (0..100).map_while(|place| range.at(place));
            let mut texts = Vec::new();
            for number in numbers {
                let mut text = String::new();
                range.format.write(number, &mut text);
                texts.push(text);
            }
            texts.join(&range.separator)
        }
        Err(error) => error,
    };
    assert_eq!(written, expect, "{arguments:?}");
}

#[test]
fn numbers_are_written_as_wide_and_as_exact_as_they_were_given() {
    check("-s, 3", "1,2,3");
    check("-s, 3 1", "");
    check("-s, 5 -2 1", "5,3,1");
    check("-w -s, 8 10", "08,09,10");
    check("-s, -w -2 2 2", "-2,00,02");
    check("-s, 0 0.5 1", "0.0,0.5,1.0");
    check("-w -s, 9 0.5 10", "09.0,09.5,10.0");
}

#[test]
fn formats_are_those_of_printf() {
    check("-s, -f n%03g 2", "n001,n002");
    check("-s, -f %.2f%% 2", "1.00%,2.00%");
    check("-s, --format=%4g 1", "   1");
}

#[test]
fn bad_arguments_are_named() {
    check("x", "invalid floating point argument: 'x'");
    check("1 0 5", "invalid Zero increment value: '0'");
    check("1 2 3 4", "extra operand '4'");
    check("-f %s 3", "format '%s' has no one of %g, %f and %e");
}
